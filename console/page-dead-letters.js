// Messages that failed five times: looked at, put back, or dropped.

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
    (items) => items.length > 0 ? letters(items, list) : empty("No dead letters", "What cannot be worked on five times in a row rests here."),
    { signal },
  );
  return [
    head("Dead letters", { lead: "Messages that failed five times. No payout depends on them: what they would have said is found out from Monoova, too." }),
    !session.mayOperate() && h("p", { class: "note" }, "You can look. Putting back and dropping need the role of an operator."),
    list,
  ];
}

const KINDS = {
  WebhookEvent: "Message from Monoova",
  Payout: "Payout to be sent",
  Other: "Another message",
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
    title: "Put it back?",
    words: "It is worked on again, as if it had just come. If the cause is gone, it succeeds; if not, it comes back here. Twice does no harm.",
    yes: "Put back",
    act: () => api.post(`/dead-letters/${encodeURIComponent(letter.message_id)}/replay`),
  }));
  const drop = acting((letter) => ask({
    title: "Drop it for good?",
    words: "The message is deleted. Payouts do not change by it. That you dropped it is logged.",
    yes: "Drop", kind: "danger", no: "Keep it",
    act: () => api.remove(`/dead-letters/${encodeURIComponent(letter.message_id)}`),
  }));
  return table("Dead letters", [
    { title: "What", cell: (each) => h("span", { class: "to" },
      h("span", { class: "to-name" }, [KINDS[each.kind] ?? each.kind, each.event].filter(Boolean).join(": ")),
      each.transaction_id && h("a", { class: "note", href: link(`/payouts/${each.transaction_id}`) }, "Its payout")) },
    { title: "Since", cell: (each) => when(each.sent_at) },
    { title: "Amount", wide: true, end: true, class: "amount", cell: (each) => money(each.amount) },
    ...(session.mayOperate() ? [{
      title: h("span", { class: "unseen" }, "What to do"), end: true,
      cell: (each) => h("span", { class: "row-actions" },
        button("Put back", () => replay(each), { kind: "small" }), button("Drop", () => drop(each), { kind: "small" })),
    }] : []),
  ], items);
}
