// What went wrong, in the page's own words: what the service says is meant for programs, too.
import { clock, FORMATS, sizeLimit, span } from "/page/format.js";
import { asInMessages } from "/page/names.js";

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
  file_gone: "This file cannot be read any more",
  offline: "The service cannot be reached",
  stopped: "The service was stopped",
};
// What is wrong with the file itself: the same file gets the same answer.
const FINAL = new Set(["unreadable", "wrong_type", "body_too_large", "audio_too_long", "took_too_long", "took_too_much_memory", "file_gone"]);
// In place of what the service says to programs.
const PLAIN = {
  wrong_type: () => `It is no music. Choose an audio or video file: ${FORMATS}.`,
  token_needed: () => "Give the token at the top of this page, then try again.",
  body_too_large: (_, limits) => limits && `This service takes up to ${sizeLimit(limits.max_body_bytes)}. Send a part of it, or a compressed file.`,
  audio_too_long: (error, limits) => {
    const [, seconds] = error.match(/lasts (\d+) s/) ?? [];
    return seconds && limits && `It lasts ${clock(Number(seconds))}; this service takes up to ${span(limits.max_duration_s)}. Send a part of it.`;
  },
};
const DECODERS = /^([^]*?)(?: \(((?:FFmpeg|libsndfile):[^]*)\)\.?)?$/;

export const isFinal = (problem) => FINAL.has(problem.code);

// What it is in short, what is told of it, and what the decoders say, if they do.
export function wordsFor(problem, limits) {
  const name = problem.path === undefined ? undefined : `${asInMessages(problem.path)}: `;
  const said = name && problem.error.startsWith(name) ? `it ${problem.error.slice(name.length)}` : problem.error;
  const [, detail, technical] = said.match(DECODERS);
  const own = problem.told ?? PLAIN[problem.code]?.(said, limits);
  const plain = own || `${detail.charAt(0).toUpperCase()}${detail.slice(1)}${technical ? "." : ""}`;
  return { kind: KINDS[problem.code] ?? "This did not work", detail: plain, technical };
}
