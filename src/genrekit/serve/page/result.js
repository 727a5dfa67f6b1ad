// One file's card: while it waits, with its result, or with what went wrong.
import { colourOf } from "/page/colours.js";
import { element } from "/page/dom.js";
import { clock, FORMATS, percent, sentence } from "/page/format.js";

const KINDS = {
  unreadable: "This does not play as music",
  body_too_large: "This file is too large",
  audio_too_long: "This recording is too long",
  wrong_type: "This is not an audio file",
  took_too_long: "This file took too long",
  took_too_much_memory: "This file needs too much memory",
  too_many_requests: "The service is busy",
  not_stored: "The service has no room",
  token_needed: "The token is missing or wrong",
  offline: "The service cannot be reached",
};
// What is wrong with the file itself: the same file gets the same answer.
const FINAL = new Set(["unreadable", "wrong_type", "body_too_large", "audio_too_long", "took_too_long", "took_too_much_memory"]);
// In place of what the service says to programs.
const PLAIN = { wrong_type: `It is no music. Choose an audio or video file: ${FORMATS}.` };
const SHOWN_AT_ONCE = 5;

const head = (name, length) =>
  element("div", { className: "card-head" }, element("h2", { className: "file-name", text: name }),
    length === undefined ? null : element("span", { className: "length", text: clock(length) }));

export function showWorking(card, name, text) {
  card.className = "card";
  card.replaceChildren(head(name), element("p", { className: "working" }, element("span", { className: "spinner", "aria-hidden": "true" }), text));
}

export function showError(card, name, problem, onRetry) {
  card.className = "card error";
  const said = problem.error.startsWith(`${name}: `) ? `it ${problem.error.slice(name.length + 2)}` : problem.error;
  const [, detail, technical] = said.match(/^([^]*?)(?: \(((?:FFmpeg|libsndfile):[^]*)\)\.?)?$/);
  const plain = PLAIN[problem.code] ?? `${detail.charAt(0).toUpperCase()}${detail.slice(1)}${technical ? "." : ""}`;
  const retry = FINAL.has(problem.code) ? null : element("button", { type: "button", text: "Try again" });
  retry?.addEventListener("click", onRetry);
  card.replaceChildren(head(name), element("p", { className: "kind", text: KINDS[problem.code] ?? "This did not work" }),
    element("p", { className: "detail", text: plain }),
    ...(technical ? [element("details", {}, element("summary", { text: "What the decoders say" }), element("p", { className: "note", text: technical }))] : []), ...(retry ? [retry] : []));
}

function bar([genre, share], index) {
  return element("li", { className: index === 0 ? "likely" : "", style: { "--bar": colourOf(genre) } },
    element("span", { className: "label", text: genre }),
    element("span", { className: "track", "aria-hidden": "true" }, element("span", { className: "fill", style: { width: `${100 * share}%`, display: "block" } })),
    element("span", { className: "value", text: percent(share) }));
}

function timelineOf(result) {
  const spoken = result.timeline.map((s) => `${clock(s.start_s)} to ${clock(s.end_s)} ${s.genre}`).join(", ");
  const strip = element("div", { className: "timeline", role: "img", "aria-label": `Genre over time: ${spoken}` });
  const length = Math.max(result.duration_s, 1e-6);
  for (const segment of result.timeline) {
    const unknown = segment.genre === "unknown";
    strip.append(element("span", {
      className: unknown ? "segment doubtful" : "segment",
      title: `${clock(segment.start_s)}–${clock(segment.end_s)} ${segment.genre}, ${percent(segment.confidence)}`,
      style: { left: `${(100 * segment.start_s) / length}%`, width: `${(100 * (segment.end_s - segment.start_s)) / length}%`,
        ...(unknown ? {} : { "--bar": colourOf(segment.genre) }) } }));
  }
  const names = [...new Set(result.timeline.map((segment) => segment.genre))];
  const legend = element("ul", { className: "legend", "aria-hidden": "true" }, ...names.map((name) =>
    element("li", {}, element("span", { className: name === "unknown" ? "swatch doubtful" : "swatch", style: name === "unknown" ? {} : { "--bar": colourOf(name) } }), name)));
  return [strip, legend];
}

export function showResult(card, name, result) {
  card.className = "card";
  const probabilities = Object.entries(result.probabilities);
  const bars = (entries, offset) => element("ul", { className: "bars", "aria-label": "Probabilities" }, ...entries.map((entry, i) => bar(entry, i + offset)));
  const rest = probabilities.slice(SHOWN_AT_ONCE);
  const sound = element("div", { className: "sound" });
  const sure = result.genre === "unknown" ? "not sure enough" : `${percent(result.confidence)} sure`;
  card.replaceChildren(head(name, result.duration_s),
    element("p", { className: "answer" }, element("span", { className: "genre", text: result.genre }), " ", element("span", { className: "sure", text: sure })),
    element("p", { className: "explain", text: sentence(result) }),
    ...(result.warnings ?? []).map((text) => element("p", { className: "chip", text: `Note: ${text}` })),
    sound, bars(probabilities.slice(0, SHOWN_AT_ONCE), 0),
    ...(rest.length ? [element("details", {}, element("summary", { text: `${rest.length} more genres` }), bars(rest, SHOWN_AT_ONCE))] : []));
  if (result.timeline?.length) sound.append(...timelineOf(result));
  return (player) => {
    sound.classList.add("with-player");
    sound.prepend(player);
  };
}
