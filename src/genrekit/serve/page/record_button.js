// The button that records: its words tell what a press does, and start and stop are said.
import { notice } from "/page/announce.js";
import { byId } from "/page/dom.js";
import { clock } from "/page/format.js";
import { canRecord, startRecording } from "/page/recorder.js";

const button = byId("record");
let stop = null;
let ticking = 0;

export const isRecording = () => stop !== null;

function show(text) {
  button.classList.toggle("recording", isRecording());
  byId("record-text").textContent = text;
  byId("record-time").textContent = "";
}

async function start(onFile) {
  button.disabled = true;
  try {
    stop = await startRecording(onFile);
    const startedAt = Date.now();
    show("Stop");
    // Beside the button's name, which stays the same while it has the focus.
    ticking = setInterval(() => { byId("record-time").textContent = ` ${clock((Date.now() - startedAt) / 1000)}`; }, 1000);
    notice("Recording. Stop when the song has played for a while.");
  } catch {
    notice("The microphone cannot be used. Allow it for this page in the browser, or choose a file.");
  } finally {
    button.disabled = false;
    button.focus();
  }
}

function end() {
  clearInterval(ticking);
  stop();
  stop = null;
  show("Record");
  notice("Recording stopped.");
}

export function offerRecording(onFile) {
  button.hidden = !canRecord();
  button.addEventListener("click", () => (isRecording() ? end() : start(onFile)));
}
