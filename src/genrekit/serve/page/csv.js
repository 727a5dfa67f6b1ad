// All results as one file, in the columns of `genrekit classify --format csv`.
import { wordsFor } from "/page/problem.js";

function cell(value) {
  let text = String(value ?? "");
  if (/^[=+\-@\t\r]/.test(text)) text = `'${text}`; // a spreadsheet must not take a name for a formula
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function errorOf(answer, limits) {
  if (answer.error === undefined) return undefined;
  const { kind, detail } = wordsFor(answer, limits);
  return `${kind}. ${detail}`;
}

export function toCsv(entries, genres, limits) {
  const columns = ["path", "genre", "confidence", "duration_s", "model", "error", "warnings"];
  const lines = [[...columns, ...genres]];
  for (const { name, answer } of entries) {
    if (!answer) continue;
    const known = { ...answer, path: name, error: errorOf(answer, limits), warnings: (answer.warnings ?? []).join("; ") };
    lines.push([...columns.map((column) => known[column]), ...genres.map((genre) => answer.probabilities?.[genre])]);
  }
  return lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

export function download(text, name) {
  const url = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
