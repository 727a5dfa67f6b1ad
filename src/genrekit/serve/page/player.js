// A playable waveform: peaks by Web Audio, sound by an audio element, position by a slider that lies over the canvas.
import { element } from "/page/dom.js";
import { clock, lengthOf, sizeLimit } from "/page/format.js";
import { decode, draw } from "/page/waveform.js";

const MAX_DECODED_BYTES = 40e6; // decoding a whole album in the browser would fill its memory
const SHAPES = { play: "M6 3l15 9-15 9z", pause: "M5 3h5v18H5zM14 3h5v18h-5z" };

let playing = null;

// Its view and how to close it; without a `view`, the `reason` that there is none.
export async function makePlayer(file, name) {
  if (file.size > MAX_DECODED_BYTES) return { reason: `No player: it is larger than the ${sizeLimit(MAX_DECODED_BYTES)} that this page plays.` };
  const decoded = await decode(file);
  if (!decoded) return { reason: "No player: this browser does not play this kind of file." };
  const { peaks, duration } = decoded;
  const audio = new Audio();
  const url = URL.createObjectURL(file);
  audio.src = url;
  audio.preload = "metadata";
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  const shape = icon.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path"));
  const button = element("button", { type: "button", className: "play primary" }, icon);
  const canvas = element("canvas", { "aria-hidden": "true" });
  // Without a step of its own, a key moves it by a hundredth.
  const slider = element("input", { type: "range", min: 0, max: duration, step: "any", value: 0, "aria-label": `Position in ${name}` });
  const closing = new AbortController();
  let position = 0;

  function show() {
    const state = audio.paused ? "play" : "pause";
    shape.setAttribute("d", SHAPES[state]);
    button.setAttribute("aria-label", `${audio.paused ? "Play" : "Pause"} ${name}`);
    slider.value = position;
    slider.setAttribute("aria-valuetext", `${clock(position)} of ${lengthOf(duration)}`);
    draw(canvas, peaks, position / duration);
  }
  function follow() {
    position = audio.currentTime;
    show();
    if (!audio.paused) requestAnimationFrame(follow);
  }
  button.addEventListener("click", () => {
    if (!audio.paused) { audio.pause(); return; }
    if (playing && playing !== audio) playing.pause();
    playing = audio;
    audio.play().catch(show);
  });
  slider.addEventListener("input", () => {
    position = Number(slider.value);
    audio.currentTime = position;
    show();
  });
  for (const event of ["play", "pause", "ended"]) audio.addEventListener(event, follow);
  new ResizeObserver(show).observe(canvas);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show, { signal: closing.signal });
  show();
  const view = element("div", { className: "player" }, button, element("div", { className: "seek" }, canvas, slider));
  const close = () => { closing.abort(); audio.pause(); audio.removeAttribute("src"); URL.revokeObjectURL(url); };
  return { view, close };
}
