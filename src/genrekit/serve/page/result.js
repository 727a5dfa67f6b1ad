// One file's card: while it waits, with its result, or with what went wrong.
import { hueOf } from "/page/colours.js";
import { element } from "/page/dom.js";
import { count, lengthOf, percent, sentence } from "/page/format.js";
import { shown } from "/page/names.js";
import { isFinal, wordsFor } from "/page/problem.js";
import { timelineOf } from "/page/timeline.js";

const SHOWN_AT_ONCE = 5;

function fill({ card, label, onRemove }, { length = "", kind = "card" }, ...children) {
  const hadFocus = card.contains(document.activeElement);
  const remove = element("button", { type: "button", className: "remove", "aria-label": `Remove ${label}`, title: "Remove", text: "×" });
  remove.addEventListener("click", onRemove);
  card.className = kind;
  card.replaceChildren(
    element("div", { className: "card-head" },
      element("h2", { className: "file-name clamped", title: label }, element("bdi", { text: label })),
      element("span", { className: "length", text: length }), remove),
    ...children.filter(Boolean));
  if (hadFocus) card.focus({ preventScroll: true }); // who pressed a button that is gone stays where it was
}

export function showWorking(entry, text) {
  const told = entry.card.querySelector(".working-text");
  if (told) { told.textContent = text; return; }
  fill(entry, {}, element("p", { className: "working" },
    element("span", { className: "spinner", "aria-hidden": "true" }), element("span", { className: "working-text", text })));
}

export function showError(entry, limits, onRetry) {
  const { kind, detail, technical } = wordsFor(entry.answer, limits);
  const retry = isFinal(entry.answer) ? null : element("button", { type: "button", text: "Try again" });
  retry?.addEventListener("click", onRetry);
  fill(entry, { kind: "card error" }, element("p", { className: "kind", text: kind }),
    element("p", { className: "detail", text: detail, dir: "auto" }),
    technical && element("details", {}, element("summary", { text: "What the decoders say" }), element("p", { className: "note", text: technical })), retry);
}

function bar([genre, share], index) {
  return element("li", { className: index === 0 ? "likely" : "", style: { "--hue": hueOf(genre) } },
    element("bdi", { className: "label clamped", text: shown(genre), title: shown(genre) }),
    element("span", { className: "track", "aria-hidden": "true" }, element("span", { className: "fill", style: { width: `${100 * share}%` } })),
    element("span", { className: "value", text: percent(share) }));
}

// Returns what puts the player in its place, or the reason that there is none.
export function showResult(entry) {
  const result = entry.answer;
  const probabilities = Object.entries(result.probabilities);
  const bars = (some, offset) => element("ul", { className: "bars", "aria-label": "Probabilities" }, ...some.map((one, i) => bar(one, i + offset)));
  const rest = probabilities.slice(SHOWN_AT_ONCE);
  const room = element("div", { className: "player-room" });
  const sound = element("div", { className: "sound with-player" }, room, ...(result.timeline?.length ? timelineOf(result) : []));
  const sure = result.genre === "unknown" ? "not sure enough" : `${percent(result.confidence)} sure`;
  fill(entry, { length: lengthOf(result.duration_s) },
    element("p", { className: "answer" }, element("bdi", { className: "genre", text: shown(result.genre) }), " ", element("span", { className: "sure", text: sure })),
    element("p", { className: "explain", text: sentence(result) }),
    ...(result.warnings ?? []).map((text) => element("p", { className: "chip", text: `Note: ${text}` })),
    sound, bars(probabilities.slice(0, SHOWN_AT_ONCE), 0),
    rest.length > 0 && element("details", {}, element("summary", { text: count(rest.length, "more genre") }), bars(rest, SHOWN_AT_ONCE)));
  return ({ view, reason }) => {
    sound.classList.toggle("with-player", Boolean(view));
    room.replaceWith(view ?? element("p", { className: "note", text: reason }));
  };
}
