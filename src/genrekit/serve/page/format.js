// Numbers as people read them.
const NBSP = "\u00a0"; // keeps a number and its unit on one line
export const percent = (share) => (share > 0 && share < 0.005 ? `<${NBSP}1${NBSP}%` : `${Math.round(100 * share)}${NBSP}%`);

export const FORMATS = "mp3, flac, wav, m4a, ogg, opus and more";

// A limit, rounded down: nobody is promised more than there is.
export function span(seconds) {
  if (seconds >= 120) return `${Math.floor(seconds / 60)}${NBSP}minutes`;
  return seconds < 2 ? `1${NBSP}second` : `${Math.floor(seconds)}${NBSP}seconds`;
}

export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function sentence(result) {
  const [first, second] = Object.entries(result.probabilities);
  if (result.genre === "unknown") {
    const named = new Set((result.timeline ?? []).map((segment) => segment.genre).filter((genre) => genre !== "unknown"));
    const parts = named.size > 1 ? " Its parts differ: the timeline shows them." : "";
    return `No genre is likely enough to name one. The nearest is ${first[0]}, at ${percent(first[1])}.${parts}`;
  }
  if (result.confidence >= 0.8) return "The model is quite sure.";
  return `Less certain: it could also be ${second[0]} (${percent(second[1])}).`;
}
