// All files at a glance: a row for each that leads to its card, how far it is, and what can be done with all.
import { byId, element } from "/page/dom.js";
import { lengthOf, percent } from "/page/format.js";
import { shown } from "/page/names.js";
import { isFinal } from "/page/problem.js";

const TITLE = document.title;

// Of "unknown" nothing is sure.
export const sure = (answer) => (answer.genre === "unknown" ? "" : percent(answer.confidence));
export const hasFailed = ({ answer }) => answer?.error !== undefined;
export const canBeTriedAgain = (entry) => hasFailed(entry) && !isFinal(entry.answer);

export function showRow(entry) {
  const { answer, card, label, row } = entry;
  const known = answer && !hasFailed(entry) ? answer : null;
  row.replaceChildren(
    element("th", { scope: "row" }, element("a", { className: "clamped", href: `#${card.id}`, title: label }, element("bdi", { text: label }))),
    element("td", { className: answer && !known ? "failed" : "" }, element("bdi", { text: known ? shown(known.genre) : answer ? "no result" : "…" })),
    element("td", { className: "number", text: known ? sure(known) : "" }),
    element("td", { className: "number", text: known ? lengthOf(known.duration_s) : "" }));
}

export function showOverview(entries) {
  const nAll = entries.length;
  const nDone = entries.filter((entry) => entry.answer).length;
  const failed = entries.filter(hasFailed);
  const progress = `${nDone} of ${nAll}`;
  byId("overview").hidden = nAll === 0;
  byId("skip").hidden = nAll === 0;
  byId("table").hidden = nAll < 2;
  byId("csv").disabled = nDone === 0;
  byId("progress").textContent = `${progress} answered`;
  document.title = nDone < nAll ? `${progress} – ${TITLE}` : TITLE;
  byId("failures").hidden = failed.length === 0 || nAll < 2;
  if (failed.length) {
    byId("failures").textContent = `${failed.length} without a result`;
    byId("failures").href = `#${failed[0].card.id}`;
  }
  byId("retry-all").hidden = failed.filter(canBeTriedAgain).length < 2;
}
