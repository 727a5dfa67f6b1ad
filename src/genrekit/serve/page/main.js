// The page: takes files in, sends a few at a time, shows each answer in its place.
import { about, classify, models, setToken } from "/page/api.js";
import { setGenres } from "/page/colours.js";
import { download, toCsv } from "/page/csv.js";
import { byId, element } from "/page/dom.js";
import { clock, FORMATS, percent, span } from "/page/format.js";
import { makePlayer } from "/page/player.js";
import { canRecord, startRecording } from "/page/recorder.js";
import { showError, showResult, showWorking } from "/page/result.js";

const AT_ONCE = 2;
const entries = [];
const queue = [];
let nWorking = 0;
let genres = [];
let limits = null;

// Of "unknown" nothing is sure.
const sure = (answer) => (answer.genre === "unknown" ? "" : percent(answer.confidence));
const say = (text) => { byId("status").textContent = text; };

function showOverview() {
  byId("overview").hidden = entries.length < 2;
  byId("csv").disabled = !entries.some((entry) => entry.answer);
  byId("rows").replaceChildren(...entries.map(({ name, answer }) => {
    const failed = answer?.error !== undefined;
    return element("tr", {},
      element("th", { scope: "row", text: name }),
      element("td", { className: failed ? "failed" : "", text: failed ? "no result" : answer?.genre ?? "…" }),
      element("td", { className: "number", text: answer && !failed ? sure(answer) : "" }),
      element("td", { className: "number", text: answer && !failed ? clock(answer.duration_s) : "" }));
  }));
}

async function work(entry) {
  const { file, name, card } = entry;
  showWorking(card, name, "Listening …");
  const tooLarge = limits && file.size > limits.max_body_bytes;
  entry.answer = tooLarge
    ? { code: "body_too_large", error: `It has ${(file.size / 1e6).toFixed(0)} MB; this service takes up to ${limits.max_body_bytes / 1e6} MB. Send a part of it, or a compressed file.` }
    : await classify(file, () => showWorking(card, name, "The service is busy; trying again in a moment …"));
  if (entry.removed) return;
  if (entry.answer.error !== undefined) {
    if (entry.answer.code === "token_needed") askForToken("That token was not accepted. Try again.");
    showError(card, name, entry.answer, () => enqueue(entry));
    say(`${name}: no result`);
  } else {
    if (!genres.length) useGenres(Object.keys(entry.answer.probabilities).sort());
    const addPlayer = showResult(card, name, entry.answer);
    say([`${name}: ${entry.answer.genre}`, sure(entry.answer)].filter(Boolean).join(", "));
    makePlayer(file, name).then((player) => {
      if (!player) return;
      if (entry.removed) { player.close(); return; }
      entry.player?.close();
      entry.player = player;
      addPlayer(player.view);
    });
  }
}

async function pump() {
  while (nWorking < AT_ONCE && queue.length) {
    nWorking += 1;
    work(queue.shift()).finally(() => { nWorking -= 1; showOverview(); pump(); });
  }
}

function enqueue(entry) {
  entry.answer = undefined;
  showWorking(entry.card, entry.name, "Waiting …");
  queue.push(entry);
  showOverview();
  pump();
}

function add(files) {
  const added = [...files].map((file) =>
    ({ file, name: file.name, card: element("article", { className: "card", "aria-label": file.name }) }));
  entries.unshift(...added);
  byId("results").prepend(...added.map((entry) => entry.card));
  added.forEach(enqueue);
}

function useGenres(names) {
  genres = names;
  setGenres(names);
}

function askForToken(note) {
  byId("token-form").hidden = false;
  byId("drop").inert = true;
  byId("token-note").textContent = note;
  byId("token").focus();
}

async function greet() {
  const known = await models();
  if (!known) return false;
  const [model] = known;
  useGenres(model.genres);
  byId("model").textContent = `Model ${model.name} knows ${model.genres.length} genres: ${model.genres.join(", ")}.`;
  byId("token-form").hidden = true;
  byId("drop").inert = false;
  return true;
}

byId("token-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  setToken(byId("token").value.trim());
  if (await greet()) byId("choose").focus();
  else askForToken("That token was not accepted. Try again.");
});

byId("choose").addEventListener("click", () => byId("files").click());
byId("files").addEventListener("change", (event) => { add(event.target.files); event.target.value = ""; });
byId("csv").addEventListener("click", () => download(toCsv(entries, genres), "genres.csv"));
byId("clear").addEventListener("click", () => {
  for (const entry of entries) { entry.removed = true; entry.player?.close(); }
  entries.length = 0;
  queue.length = 0;
  byId("results").replaceChildren();
  showOverview();
  byId("choose").focus();
});

let depth = 0;
const drop = byId("drop");
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
// On the whole window: a song that misses the frame must not replace the page.
window.addEventListener("dragenter", (event) => { if (hasFiles(event)) { depth += 1; drop.classList.add("over"); } });
window.addEventListener("dragleave", () => { depth = Math.max(0, depth - 1); if (!depth) drop.classList.remove("over"); });
window.addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
window.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  depth = 0;
  drop.classList.remove("over");
  if (!drop.inert) add(event.dataTransfer.files);
});

const record = byId("record");
let stop = null;
let ticking = 0;
function showRecording(startedAt) {
  record.setAttribute("aria-pressed", String(startedAt !== null));
  byId("record-text").textContent = startedAt === null ? "Record" : `Stop (${clock((Date.now() - startedAt) / 1000)})`;
}
record.hidden = !canRecord();
record.addEventListener("click", async () => {
  if (stop) {
    stop();
    stop = null;
    clearInterval(ticking);
    showRecording(null);
    return;
  }
  record.disabled = true;
  try {
    stop = await startRecording((file) => add([file]));
    const startedAt = Date.now();
    showRecording(startedAt);
    ticking = setInterval(() => showRecording(startedAt), 500);
    say("Recording");
  } catch {
    byId("limits").textContent = "The microphone cannot be used. Allow it for this page in the browser, or choose a file.";
  } finally {
    record.disabled = false;
  }
});

if (["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)) {
  byId("promise").textContent = "Offline: your songs never leave this computer";
}
limits = await about();
byId("limits").textContent = `${FORMATS}, up to ${limits.max_body_bytes / 1e6} MB and ${span(limits.max_duration_s)} each`;
if (!(await greet()) && limits.token_needed) askForToken("");
