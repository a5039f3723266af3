// Batches: many payouts from one file.

import * as api from "./api.js";
import { fill, h } from "./dom.js";
import { count, money, when } from "./format.js";
import { field, setBusy } from "./form.js";
import { badge, button, card, empty, head, icon, notice, paged, problemNotice, saveFile, table } from "./parts.js";
import { go, link } from "./router.js";
import * as session from "./session.js";
import { BATCH_STATUSES } from "./words.js";

const MOST_BYTES = 4_000_000;
const EXAMPLE = "customer_id,amount,reference\n00000000-0000-4000-8000-000000000000,125.50,Invoice 1001\n";

export function page({ signal }) {
  const list = paged((cursor) => api.get("/batches", { cursor }),
    (items) => items.length > 0 ? batches(items) : empty("No batches yet", "A file of up to 20,000 payouts becomes one batch."), { signal });
  return [
    head("Batches", { lead: "Pay many customers from one file. Nothing is paid until you confirm the total and another person approves it." }),
    session.mayOperate() ? upload() : h("p", { class: "note" }, "View only. Uploading needs the operator role."),
    list,
  ];
}

function batches(items) {
  return table("Batches", [
    { title: "Batch", cell: (each) => each.title ?? count(each.row_count, "payout") },
    { title: "Status", cell: (each) => badge(...(BATCH_STATUSES[each.status] ?? [each.status, "quiet"])) },
    { title: "Uploaded", wide: true, cell: (each) => when(each.created_at) },
    { title: "Total", end: true, class: "amount", cell: (each) => money(each.total) },
  ], items, { href: (each) => link(`/batches/${each.batch_id}`), key: (each) => each.batch_id });
}

function upload() {
  const outcome = h("div", { class: "outcome" });
  const title = field("Title", "title", { maxlength: 80, hint: "What this file is, such as “Payroll, week 9”. No payee's details." });
  const input = h("input", { type: "file", id: "batch-file", class: "unseen", accept: ".csv,text/csv", onchange: () => take(input.files[0]) });
  const choose = h("label", { class: "button primary", for: "batch-file" }, "Choose a CSV file");
  const drop = h(
    "div",
    {
      class: "drop",
      ondragover: (event) => (event.preventDefault(), drop.classList.add("over")),
      ondragleave: () => drop.classList.remove("over"),
      ondrop: (event) => {
        event.preventDefault();
        drop.classList.remove("over");
        take(event.dataTransfer.files[0]);
      },
    },
    icon("batches"),
    h("p", {}, input, choose, h("span", { class: "drop-words wide" }, " or drop it here")),
    h("p", { class: "note" }, "Columns: ", h("code", {}, "customer_id"), " or ", h("code", {}, "external_id"), ", ", h("code", {}, "amount"), ", ", h("code", {}, "reference"), ". ",
      h("button", { type: "button", class: "text-button", onclick: () => saveFile("batch-example.csv", "text/csv", EXAMPLE) }, "Download an example")),
  );

  async function take(file, repeat = false) {
    if (!file) return;
    input.value = ""; // so that the same file, corrected, can be chosen again
    if (file.size > MOST_BYTES) {
      fill(outcome, notice("bad", "This file is too large.", h("p", {}, "A batch has at most 20,000 rows and 4 MB.")));
      return;
    }
    setBusy(choose, true);
    fill(outcome, notice("info", `Checking ${file.name} …`));
    try {
      const said = title.input.value.trim();
      const batch = await api.post("/batches", { file: await file.text(), repeat, ...(said && { title: said }) });
      go(`/batches/${batch.batch_id}`);
    } catch (problem) {
      fill(outcome, problem.code === "BatchRepeated"
        ? repeatedNotice(problem, () => take(file, true)) : uploadProblem(problem, file.name, () => take(file, repeat)));
      outcome.querySelector("h2")?.focus();
    } finally {
      setBusy(choose, false);
    }
  }

  return card("New batch", {}, title, drop, outcome);
}

function repeatedNotice(problem, again) {
  return notice("wait", "These rows are a batch already.",
    h("p", {}, problem.detail, " ", h("a", { href: link(`/batches/${problem.batchId}`) }, "See that batch"), "."),
    h("p", {}, "Upload them again only if the same people are to be paid the same amounts once more. The approver sees that it is a repeat."),
    button("Pay these rows once more", again, { kind: "danger" }));
}

const LINE = /^line (\d+)$/;

function uploadProblem(problem, name, again) {
  if (problem.kind === api.Kind.UNKNOWN) {
    return notice("wait", "We do not know yet whether the file arrived.",
      h("p", {}, "Upload it again: the same rows are the same batch, so no payee is paid twice."), button("Upload again", again));
  }
  const lines = Object.entries(problem.errors ?? {});
  if (problem.kind !== api.Kind.INVALID || lines.length === 0) return problemNotice(problem, { again });
  const rows = lines.map(([where, texts]) => ({ where, line: LINE.exec(where)?.[1], texts: [texts].flat() }))
    .sort((one, other) => Number(one.line ?? 0) - Number(other.line ?? 0));
  return h(
    "section",
    { class: "file-errors" },
    h("h2", { tabindex: "-1" }, `${count(rows.length, "line")} of ${name} ${rows.length === 1 ? "has" : "have"} errors`),
    h("p", { class: "note" }, "Nothing was stored and nothing will be paid. Correct the file and choose it again."),
    table("Errors in the file", [
      { title: "Line", cell: (row) => row.line ?? row.where },
      { title: "Error", cell: (row) => row.texts.join(" ") },
    ], rows),
  );
}
