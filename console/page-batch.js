// One batch: what is in it, who has to do what next, how far it is.

import * as api from "./api.js";
import { ask } from "./dialog.js";
import { announce, fill, h } from "./dom.js";
import { field } from "./form.js";
import { count, exactly, money, short, when, whenWithin } from "./format.js";
import { keepLooking } from "./live.js";
import { namesKnown, nameOf } from "./names.js";
import { badge, button, card, copyable, empty, facts, head, icon, notice, paged, saveFile, table } from "./parts.js";
import { go, link } from "./router.js";
import * as session from "./session.js";
import { actorName, BATCH_STATUSES, QUEUE_REASONS, statusName } from "./words.js";

const MOVING = ["Checking", "Releasing", "Released"];
const MOST_PARTS = 100; // 20,000 rows
const MOST_ROWS = 50;
const SECONDS_WHILE_MOVING = 2;
const SECONDS_AT_REST = 5;

export async function page({ params, signal }) {
  const address = `/batches/${encodeURIComponent(params.id)}`;
  let batch = await api.get(address);
  const content = h("div", {});
  const rows = rowList(address, signal);

  function show(next) {
    const isNews = next.status !== batch.status;
    batch = next;
    fill(content, view(batch, address, acted));
    if (isNews) announce(`This batch is now: ${label(batch)[0]}`);
  }

  function acted(next) {
    dispatchEvent(new Event("payouts-changed"));
    show(next);
    rows.again();
  }

  show(batch);
  keepLooking(signal, {
    every: () => (MOVING.includes(batch.status) ? SECONDS_WHILE_MOVING : SECONDS_AT_REST),
    look: async () => {
      try {
        const next = await api.get(address);
        if (signal.aborted || JSON.stringify(next) === JSON.stringify(batch)) return "on";
        const isNews = next.status !== batch.status;
        show(next);
        // The counts of what needs attention have changed.
        if (isNews) dispatchEvent(new Event("payouts-changed"));
        if (isNews || MOVING.includes(next.status)) await rows.refresh();
        return "on";
      } catch (problem) {
        return problem.kind === api.Kind.SIGNED_OUT ? "enough" : "on";
      }
    },
  });
  return [content, card("Rows", { actions: [rows.choice, button("Result as CSV", () => download(address, batch), { kind: "small" })] }, rows)];
}

const UNPAID = ["Failed", "Returned", "Cancelled", "NotReleased"];

/** All rows part by part, or only the unpaid ones and those under review, out of all parts. */
function rowList(address, signal) {
  let isNarrow = false;

  /** The API answers with some hundred rows at once; a page has fewer. */
  async function part(place) {
    await namesKnown();
    if (!isNarrow) {
      const { from = 0, rows = await api.get(`${address}/rows`, { cursor: place?.cursor }) } = place ?? {};
      const to = from + MOST_ROWS;
      const isLeft = to < rows.items.length;
      const next = isLeft ? { from: to, rows } : rows.next_cursor && { cursor: rows.next_cursor };
      return { items: rows.items.slice(from, to), unreadable: from === 0 ? rows.unreadable : [], next_cursor: next };
    }
    const { items, unreadable } = await api.getAll(`${address}/rows`, {}, MOST_PARTS);
    return { items: items.filter((row) => row.needs_review || UNPAID.includes(row.status)), unreadable, next_cursor: null };
  }

  const nothing = () => empty(isNarrow ? "No unpaid rows" : "No rows");
  const list = paged(part, (items) => items.length > 0 ? rowTable(items) : nothing(), { signal });
  const choose = (narrow) => async (event) => {
    isNarrow = narrow;
    for (const each of list.choice.children) each.setAttribute("aria-pressed", String(each === event.currentTarget));
    await list.again();
  };
  list.choice = h("div", { class: "segments", role: "group", "aria-label": "Which rows" },
    h("button", { type: "button", "aria-pressed": "true", onclick: choose(false) }, "All"),
    h("button", { type: "button", "aria-pressed": "false", onclick: choose(true) }, "Unpaid"));
  return list;
}

const label = (batch) => BATCH_STATUSES[batch.status] ?? [batch.status, "quiet"];

function view(batch, address, done) {
  return [
    head(`${count(batch.row_count, "payout")}, ${money(batch.total)}`, {
      lead: batch.title,
      back: { href: "#/batches", label: "Batches" },
      badge: badge(...label(batch)),
    }),
    repeated(batch),
    retried(batch),
    nextStep(batch, address, done),
    shortOfFunds(batch),
    progress(batch),
    h("div", { class: "columns" },
      summary(batch),
      card("History", {},
        h("ol", { class: "timeline" }, (batch.history ?? []).map((entry) => h("li", { class: "moment quiet" },
          h("p", { class: "moment-title" }, eventTitle(entry.event)),
          h("p", { class: "note" }, `${exactly(entry.at)} · ${actorName(entry.by, session.me().name)}`),
          entry.detail && h("p", { class: "moment-detail" }, entry.detail)))),
        facts(["Batch id", copyable(batch.batch_id)]))),
  ];
}

const LEFT_OUT = {
  Paid: "were paid", Open: "are not final yet", NeedsReview: "need review", Retried: "were retried by themselves",
  ReturnNotSeen: "were returned, and the credit was not seen yet", SettledByHand: "were resolved by a person: retry these by themselves",
  DestinationGone: "have no payable destination any more", WithoutPayout: "never became payouts",
};

/** Whose unpaid rows these are, and which rows are not among them. */
function retried(batch) {
  if (!batch.retry_of) return null;
  const earlier = h("a", { href: link(`/batches/${batch.retry_of.batch_id}`) }, `the batch of ${whenWithin(batch.retry_of.created_at)}`);
  return notice("info", "These are unpaid rows of an earlier batch.", h("p", {}, "They ended unpaid in ", earlier, "."),
    h("ul", {}, Object.entries(batch.retry_of.left_out).map(([why, rows]) => h("li", {}, `Left out: ${count(rows, "row")} that ${LEFT_OUT[why] ?? why}`))));
}

/** That the same people have been paid the same by an earlier batch, on purpose. */
function repeated(batch) {
  if (!batch.repeats) return null;
  const earlier = h("a", { href: link(`/batches/${batch.repeats.batch_id}`) }, `the batch of ${whenWithin(batch.repeats.created_at)}`);
  return notice("wait", "This batch repeats an earlier one.", h("p", {}, "It has the same rows as ", earlier, ": all of them are paid once more."));
}

/** That the account does not hold the total; what it does not reach waits. */
function shortOfFunds(batch) {
  const funds = batch.summary?.funds;
  if (!funds || Number(funds.short_by) <= 0 || ["Finished", "Cancelled"].includes(batch.status)) return null;
  return notice("wait", `The account is short of funds by ${money(funds.short_by)}.`,
    h("p", {}, `${money(funds.available)} of ${money(batch.total)} is available. Payouts that the money does not reach wait until more came in; none of them fails.`));
}

const eventTitle = (event) => event.replace(/([a-z])([A-Z])/g, "$1 $2");

/** What has to be done next, and by whom; with the buttons of those who may. */
function nextStep(batch, address, done) {
  const me = session.me().name;
  const act = (verb, words) => async () => {
    const outcome = await ask({ ...words, act: (values) => api.post(`${address}/${verb}`, words.body?.(values) ?? {}) });
    if (outcome) done(outcome);
  };
  const cancel = session.mayOperate() && button("Cancel batch", act("cancel", {
    title: "Cancel this batch?",
    words: "Payouts that have not been sent will never be sent. Payouts already sent are not affected.",
    yes: "Cancel batch", no: "Keep batch", kind: "danger",
  }));
  switch (batch.status) {
    case "Checking":
      return notice("info", "The rows are being checked.", h("p", {}, "This takes a moment. The page updates automatically."), cancel);
    case "AwaitingConfirmation":
      return notice("wait", `Does ${money(batch.total)} match your own total?`,
        h("p", {}, "Check the summary below, then confirm by typing the total."),
        session.mayOperate() && h("div", { class: "actions" },
          button("Confirm the total", act("confirm", confirming(batch)), { kind: "primary" }), cancel));
    case "AwaitingApproval": {
      const isMine = [batch.created_by, batch.confirmed_by].includes(me);
      return notice("wait", "This batch is awaiting approval.",
        h("p", {}, isMine ? "You uploaded or confirmed it, so another person has to approve it."
          : session.mayApprove() ? "Once you approve it, it is paid." : "Approving needs the approver role."),
        h("div", { class: "actions" },
          !isMine && session.mayApprove() && [
            button(`Approve ${money(batch.total)}`, act("approve", {
              title: `Approve ${count(batch.row_count, "payout")}?`,
              words: approving(batch),
              yes: `Approve ${money(batch.total)}`,
              body: () => countsRead(batch),
            }), { kind: "primary" }),
            button("Reject", act("reject", {
              title: "Reject this batch?", words: "None of its payouts will be paid.", yes: "Reject batch", kind: "danger",
              fields: [field("Reason", "reason", { required: true, maxlength: 500 })],
              body: ({ reason }) => ({ reason }),
            })),
          ],
          cancel));
    }
    case "Releasing":
    case "Released":
      return notice("info", "This batch is being paid.", h("p", {}, "The page updates automatically; you may leave it."), cancel);
    case "Finished":
      return batch.progress?.completed !== batch.row_count || batch.progress?.needs_review
        ? notice("wait", "This batch is finished. Some payouts were not paid or need review.", h("p", {}, "“Unpaid”, below, lists them with the reason."), retryButton(batch, address))
        : notice("good", "This batch is finished. Every payout was completed.");
    default:
      return notice("info", "This batch was cancelled.", h("p", {}, "Payouts that had not been sent will never be sent."), retryButton(batch, address));
  }
}

/** What ended unpaid, as a new batch. */
function retryButton(batch, address) {
  const told = batch.progress;
  const unpaid = (told?.failed ?? 0) + (told?.returned ?? 0) + (told?.cancelled ?? 0);
  if (!session.mayOperate() || !batch.approved_by || unpaid === 0) return null;
  return h("div", { class: "actions" }, button("Retry unpaid payouts", async () => {
    const made = await ask({
      title: "Retry the unpaid payouts?",
      words: "They become a new batch, which is confirmed and approved like any other. Monoova is asked about each before it is paid.",
      yes: "Make a new batch",
      act: () => api.post(`${address}/retry`, {}),
    });
    if (made) go(`/batches/${made.batch_id}`);
  }));
}

/** What an approver has to know of; `countsRead` repeats it with the approval. */
function approving(batch) {
  const told = batch.summary;
  return [
    `Payouts of ${money(batch.total)} in total are released at once.`,
    told?.unapproved_count > 0 && `But for ${count(told.unapproved_count, "row")} to destinations that no other person has approved: they wait until an approver has seen the account.`,
    told?.shared_account_count > 0 && `Rows to an account under two customers: ${count(told.shared_account_count)}.`,
    told?.duplicate_count > 0 && `Rows that may be paid twice: ${count(told.duplicate_count)}.`,
  ].filter(Boolean);
}

function countsRead(batch) {
  const told = batch.summary;
  if (!told) return {};
  return { unapproved: told.unapproved_count, duplicates: told.duplicate_count, shared_accounts: told.shared_account_count };
}

function confirming(batch) {
  const total = field("Total of your file", "total", { required: true, prefix: "$", inputmode: "decimal" });
  const areAllDuplicates = batch.summary.may_all_be_duplicates;
  const meant = field("Rows that are meant", "meant", {
    required: true, inputmode: "numeric", hint: "Every row may have been paid already, or be paid by another file.",
  });
  return {
    title: "Confirm the total",
    words: `${count(batch.row_count, "payout")}. Type the total that you expect: it must match to the cent.`,
    fields: [total, ...(areAllDuplicates ? [meant] : [])],
    yes: "Confirm",
    body: (values) => ({
      total: Number(values.total.replace(/[\s,$]/g, "")),
      ...(areAllDuplicates && { accept_duplicates: Number(values.meant) }),
    }),
  };
}

const PARTS = [
  ["completed", "Completed", "good"], ["pending", "Pending", "going"], ["queued", "Queued", "quiet"],
  ["waiting", "Waiting", "rest"], ["failed", "Failed", "bad"], ["returned", "Returned", "bad"],
  ["cancelled", "Cancelled", "rest"], ["not_released", "Not released", "bad"], ["unreadable", "Cannot be read", "bad"],
  ["needs_review", "Needs review", "review"],
];

function progress(batch) {
  const told = batch.progress;
  if (!told || ["Checking", "AwaitingConfirmation", "AwaitingApproval"].includes(batch.status)) return null;
  const ended = ["completed", "failed", "returned", "cancelled", "not_released"].reduce((all, name) => all + (told[name] ?? 0), 0);
  const id = "batch-progress";
  return card("Progress", { note: told.as_of && `as of ${whenWithin(told.as_of)}` },
    h("p", { id }, h("strong", {}, count(ended)), ` of ${count(batch.row_count, "payout")} finished`),
    h("progress", { max: batch.row_count, value: ended, "aria-labelledby": id }),
    h("ul", { class: "tallies" }, PARTS.filter(([name]) => told[name]).map(([name, words, tone]) =>
      h("li", {}, badge(words, tone), h("strong", {}, count(told[name]))))));
}

function summary(batch) {
  const told = batch.summary;
  if (!told) return card("Summary", {}, h("p", { class: "note" }, "The summary is being prepared."));
  const duplicates = told.duplicates ?? [];
  return card("Summary", {},
    facts(
      ["Payouts", count(told.count ?? batch.row_count)],
      ["Total", money(told.total ?? batch.total)],
      ["Available", told.funds && `${money(told.funds.available)}, ${whenWithin(told.funds.as_of)}`],
      ["Largest", money(typeof told.largest === "object" ? told.largest?.amount : told.largest)],
      ["First payout to", count(told.first_time_count ?? 0, "customer")],
      ["Possible duplicates", `${count(told.duplicate_count ?? 0, "row")}, within 7 days or in this file`],
      ["Also in other batches", elsewhere(told)],
      ["Paid since the check", since(told)],
      ["Destinations not approved", told.unapproved_count > 0 && unapproved(told)],
      ["One account, two customers", told.shared_account_count && sharing(told)],
      ["Uploaded by", `${actorName(batch.created_by, session.me().name)}, ${whenWithin(batch.created_at)}`],
      ["Confirmed by", batch.confirmed_by && actorName(batch.confirmed_by, session.me().name)],
      ["Approved by", batch.approved_by && actorName(batch.approved_by, session.me().name)],
    ),
    duplicates.length > 0 && h("details", {}, h("summary", {}, icon("review"), ` ${count(told.duplicate_count, "row")} may be paid twice`),
      table("Possible duplicates", [
        { title: "Line", cell: (each) => each.line },
        { title: "Duplicate of", cell: (each) => each.transaction_id
          ? h("a", { href: link(`/payouts/${each.transaction_id}`) }, when(each.created_at)) : each.same_as_line ? `line ${each.same_as_line} of this file` : "in this file" },
        { title: "Amount", end: true, cell: (each) => money(each.amount) },
      ], duplicates)));
}

/** Rows that another batch pays as well, with the way to each of these. */
function elsewhere(told) {
  if (!told.also_in_batches_count) return null;
  const others = told.also_in_batches.map((id) => [" ", h("a", { href: link(`/batches/${id}`) }, short(id))]);
  return h("span", {}, `${count(told.also_in_batches_count, "row")}:`, others);
}

/** Rows that single payouts have paid since the check, with the way to each of these. */
function since(told) {
  if (!told.paid_since_count) return null;
  const payouts = told.paid_since.map((id) => [" ", h("a", { href: link(`/payouts/${id}`) }, short(id))]);
  return h("span", {}, `${count(told.paid_since_count, "row")}:`, payouts);
}

/** Rows to destinations that no other person has approved, by their lines. */
function unapproved(told) {
  const more = told.unapproved_count > told.unapproved_lines.length ? ", and more" : "";
  return `${count(told.unapproved_count, "row")}: lines ${told.unapproved_lines.join(", ")}${more}`;
}

/** Rows to an account that an earlier row pays under another customer, by their lines. */
function sharing(told) {
  const lines = told.shared_accounts.map((each) => `${each.line} and ${each.same_account_as_line}`);
  const more = told.shared_account_count > lines.length ? ", and more" : "";
  return `${count(told.shared_account_count, "row")}: lines ${lines.join(", ")}${more}`;
}

function rowTable(items) {
  return table("Rows of the batch", [
    { title: "Line", cell: (each) => each.line },
    { title: "Payee", cell: (each) => h("a", { href: link(`/customers/${each.customer_id}`) }, nameOf(each.customer_id) ?? each.external_id ?? short(each.customer_id)) },
    { title: "Lodgement reference", wide: true, cell: (each) => each.reference ?? "–" },
    { title: "Status", cell: (each) => rowStatus(each) },
    { title: "Amount", end: true, class: "amount", cell: (each) => money(each.amount) },
  ], items);
}

const TONES = { Completed: "good", Failed: "bad", Returned: "bad", Pending: "going", NotReleased: "bad", Unreadable: "bad" };

function rowStatus(row) {
  const shown = badge(row.status ? statusName(row.status) : "Waiting", TONES[row.status] ?? "quiet");
  const isMade = row.status && !["Waiting", "NotReleased"].includes(row.status);
  return h("span", { class: "badges" },
    isMade && row.transaction_id ? h("a", { href: link(`/payouts/${row.transaction_id}`) }, shown) : shown,
    row.needs_review && badge("Needs review", "review"),
    row.waits_for && h("span", { class: "note" }, QUEUE_REASONS[row.waits_for] ?? row.waits_for),
    row.failure_reason && h("span", { class: "note" }, row.failure_reason));
}

async function download(address, batch) {
  saveFile(`batch-${batch.batch_id.slice(0, 8)}.csv`, "text/csv", await api.getFile(`${address}/result`));
}
