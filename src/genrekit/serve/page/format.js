// Numbers as people read them.
import { within } from "/page/names.js";

const NBSP = "\u00a0"; // keeps a number and its unit on one line

export function percent(share) {
  if (share > 0 && share < 0.005) return `<${NBSP}1${NBSP}%`;
  if (share < 1 && share >= 0.995) return `>${NBSP}99${NBSP}%`;
  return `${Math.round(100 * share)}${NBSP}%`;
}

export const FORMATS = "mp3, flac, wav, m4a, ogg, opus and more";

// A limit is rounded down: nobody is promised more than there is. A size is rounded up, so that what is over a limit looks it.
export const sizeLimit = (bytes) => `${Math.floor(bytes / 1e5) / 10}${NBSP}MB`;
export const size = (bytes) => `${Math.ceil(bytes / 1e5) / 10}${NBSP}MB`;

export function span(seconds) {
  if (seconds >= 120) return `${Math.floor(seconds / 60)}${NBSP}minutes`;
  return seconds < 2 ? `1${NBSP}second` : `${Math.floor(seconds)}${NBSP}seconds`;
}

export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// How long something is: 0:00 would say that there is nothing.
export const lengthOf = (seconds) => (seconds < 1 ? `${Math.max(0.1, seconds).toFixed(1)}${NBSP}s` : clock(seconds));

export const count = (n, one, several = `${one}s`) => `${n} ${n === 1 ? one : several}`;

export function sentence(result) {
  const [first, second] = Object.entries(result.probabilities);
  if (result.genre === "unknown") {
    const named = new Set((result.timeline ?? []).map((segment) => segment.genre).filter((genre) => genre !== "unknown"));
    const parts = named.size > 1 ? " Its parts differ: the timeline shows them." : "";
    const isTie = second && percent(first[1]) === percent(second[1]); // as in silence: none is nearer, as far as is seen
    const nearest = isTie ? "" : ` The nearest is ${within(first[0])}, at ${percent(first[1])}.`;
    return `No genre is likely enough to name one.${nearest}${parts}`;
  }
  if (result.confidence >= 0.8 || !second) return "The model is quite sure.";
  return `Less certain: it could also be ${within(second[0])} (${percent(second[1])}).`;
}
