// The dead-letter queue: messages that failed five times, to be replayed or dropped.

import * as api from "./api.js";
import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { money, when } from "./format.js";
import { button, empty, head, paged, table } from "./parts.js";
import { link } from "./router.js";
import * as session from "./session.js";
import { forgetLetters } from "./shell.js";

export function page({ signal }) {
  const list = paged(
    () => api.get("/dead-letters").then((found) => ({ next_cursor: null, ...found })),
    (items) => items.length > 0 ? letters(items, list) : empty("No dead letters", "A message that has failed five times is moved to the dead-letter queue and listed here."),
    { signal },
  );
  return [
    head("Dead letters", { lead: "Messages in the dead-letter queue, after five failures. No payout depends on them: the outcome of each payout is also checked with Monoova." }),
    !session.mayOperate() && h("p", { class: "note" }, "View only. Replaying and dropping need the operator role."),
    list,
  ];
}

const KINDS = {
  WebhookEvent: "Webhook event",
  Payout: "Payout to send",
  Other: "Other message",
};

function letters(items, list) {
  const acting = (act) => async (letter) => {
    if (await act(letter)) {
      forgetLetters();
      dispatchEvent(new Event("payouts-changed"));
      await list.again();
    }
  };
  const replay = acting((letter) => ask({
    title: "Replay this message?",
    words: "The message is processed again. If the cause of the failure is fixed, it succeeds; if not, it returns to the dead-letter queue. Replaying a message twice does no harm.",
    yes: "Replay",
    act: () => api.post(`/dead-letters/${encodeURIComponent(letter.message_id)}/replay`),
  }));
  const drop = acting((letter) => ask({
    title: "Drop this message?",
    words: "The message is deleted for good. No payout is changed. The deletion is logged under your name.",
    yes: "Drop", kind: "danger", no: "Keep it",
    act: () => api.remove(`/dead-letters/${encodeURIComponent(letter.message_id)}`),
  }));
  return table("Dead letters", [
    { title: "Message", cell: (each) => h("span", { class: "to" },
      h("span", { class: "to-name" }, [KINDS[each.kind] ?? each.kind, each.event].filter(Boolean).join(": ")),
      each.transaction_id && h("a", { class: "note", href: link(`/payouts/${each.transaction_id}`) }, "View payout")) },
    { title: "Sent", cell: (each) => when(each.sent_at) },
    { title: "Amount", wide: true, end: true, class: "amount", cell: (each) => money(each.amount) },
    ...(session.mayOperate() ? [{
      title: h("span", { class: "unseen" }, "Actions"), end: true,
      cell: (each) => h("span", { class: "row-actions" },
        button("Replay", () => replay(each), { kind: "small" }), button("Drop", () => drop(each), { kind: "small" })),
    }] : []),
  ], items);
}
