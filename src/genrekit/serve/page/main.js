// The page: takes files in, sends a few at a time, shows each answer in its place.
import { notice, say } from "/page/announce.js";
import { about, classify, lock, models, unlock } from "/page/api.js";
import { setGenres } from "/page/colours.js";
import { download, toCsv } from "/page/csv.js";
import { byId, element } from "/page/dom.js";
import { acceptDrops } from "/page/dropping.js";
import { count, FORMATS, size, sizeLimit, span } from "/page/format.js";
import { forget, whenInView } from "/page/in_view.js";
import { shown } from "/page/names.js";
import { canBeTriedAgain, hasFailed, showOverview, showRow, sure } from "/page/overview.js";
import { makePlayer } from "/page/player.js";
import { makeQueue } from "/page/queue.js";
import { isRecording, offerRecording } from "/page/record_button.js";
import { showError, showResult, showWorking } from "/page/result.js";

const AT_ONCE = 2;
const REFUSED = "That token was not accepted. Try again.";
const entries = [];
const queue = makeQueue(AT_ONCE, work);
let nAdded = 0;
let genres = [];
let limits = null;

function tooLarge(file) {
  if (!limits || file.size <= limits.max_body_bytes) return null;
  const told = `It has ${size(file.size)}; this service takes up to ${sizeLimit(limits.max_body_bytes)}. Send a part of it, or a compressed file.`;
  return { code: "body_too_large", error: told, told };
}

async function work(entry) {
  const answer = tooLarge(entry.file) ?? await classify(entry.file, {
    signal: entry.stopping.signal,
    onSending: () => showWorking(entry, "Uploading …"),
    onSent: () => showWorking(entry, "Listening …"),
    onWaiting: () => showWorking(entry, "The service is busy; trying again in a moment …"),
  });
  if (entry.stopping.signal.aborted) return;
  entry.answer = answer;
  showRow(entry);
  showOverview(entries);
  if (hasFailed(entry)) fail(entry);
  else succeed(entry);
}

function fail(entry) {
  if (entry.answer.code === "token_needed" && byId("token-form").hidden) { lock(); askForToken(REFUSED); }
  showError(entry, limits, () => enqueue([entry]));
  say(`${entry.label}: no result`);
}

function succeed(entry) {
  const { answer, card, file, label } = entry;
  if (!genres.length) useGenres(Object.keys(answer.probabilities).sort());
  const place = showResult(entry);
  say([`${label}: ${shown(answer.genre)}`, sure(answer)].filter(Boolean).join(", "));
  whenInView(card, async () => {
    const player = await makePlayer(file, label);
    if (entry.stopping.signal.aborted) { player.close?.(); return; }
    entry.player = player;
    place(player);
  });
}

function enqueue(added) {
  for (const entry of added) {
    entry.answer = undefined;
    showWorking(entry, "Waiting …");
    showRow(entry);
  }
  showOverview(entries);
  added.forEach(queue.add);
}

function makeEntry({ file, name }) {
  nAdded += 1;
  const label = shown(name);
  const card = element("article", { id: `song-${nAdded}`, className: "card", "aria-label": label, tabindex: -1 });
  const entry = { file, name, label, card, row: element("tr"), stopping: new AbortController() };
  entry.onRemove = () => removeOne(entry);
  return entry;
}

function add(songs) {
  const added = songs.map(makeEntry);
  entries.unshift(...added);
  byId("results").prepend(...added.map((entry) => entry.card));
  byId("rows").prepend(...added.map((entry) => entry.row));
  enqueue(added);
}

const addFiles = (files) => add([...files].map((file) => ({ file, name: file.name })));

function stop(entry) {
  entry.stopping.abort();
  queue.remove(entry);
  forget(entry.card);
  entry.player?.close?.();
  entry.card.remove();
  entry.row.remove();
}

function removeOne(entry) {
  const place = entries.indexOf(entry);
  stop(entry);
  entries.splice(place, 1);
  showOverview(entries);
  (entries[place] ?? entries[place - 1])?.card.focus({ preventScroll: true });
  if (!entries.length) byId("choose").focus();
}

function clear() {
  entries.forEach(stop);
  entries.length = 0;
  showOverview(entries);
  byId("choose").focus();
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

function greet([model]) {
  useGenres(model.genres);
  byId("model").textContent = `Model ${shown(model.name)} knows ${count(model.genres.length, "genre")}: ${model.genres.map(shown).join(", ")}.`;
  byId("token-form").hidden = true;
  byId("drop").inert = false;
}

byId("token-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const known = await unlock(byId("token").value.trim());
    if (!known) { askForToken(REFUSED); return; }
    greet(known);
    byId("choose").focus();
  } catch {
    askForToken("The service did not answer. Try again.");
  }
});

byId("choose").addEventListener("click", () => byId("files").click());
byId("files").addEventListener("change", (event) => { addFiles(event.target.files); event.target.value = ""; });
byId("csv").addEventListener("click", () => download(toCsv(entries, genres, limits), "genres.csv"));
byId("clear").addEventListener("click", clear);
byId("retry-all").addEventListener("click", () => {
  byId("overview-title").focus();
  enqueue(entries.filter(canBeTriedAgain));
});
window.addEventListener("beforeunload", (event) => {
  if (isRecording() || entries.some((entry) => !entry.answer)) event.preventDefault();
});

const accepted = byId("files").accept.split(",");
const isSong = ({ name, type }) => accepted.some((one) => (one.endsWith("/*") ? type.startsWith(one.slice(0, -1)) : name.toLowerCase().endsWith(one)));
acceptDrops(byId("drop"), {
  isSong,
  onSongs: (songs) => { if (!isRecording()) notice(songs.length ? "" : "No songs were found in what was dropped."); add(songs); },
});
offerRecording((file) => addFiles([file]));

if (["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)) {
  byId("promise").textContent = "Offline: your songs never leave this computer";
}
try {
  limits = await about();
  byId("limits").textContent = `${FORMATS}, up to ${sizeLimit(limits.max_body_bytes)} and ${span(limits.max_duration_s)} each`;
  const known = await models();
  if (known) greet(known);
  else if (limits.token_needed) askForToken(lock() ? REFUSED : "");
} catch {
  notice("The service did not answer. Start it, then reload this page.");
}
