// A playable waveform: peaks by Web Audio, sound by an audio element, position by a slider that lies over the canvas.
import { element } from "/page/dom.js";
import { clock } from "/page/format.js";

const N_BARS = 140;
const MAX_DECODED_BYTES = 40e6; // decoding a whole album in the browser would fill its memory
const SHAPES = { play: "M6 3l15 9-15 9z", pause: "M5 3h5v18H5zM14 3h5v18h-5z" };

async function peaksOf(file) {
  if (file.size > MAX_DECODED_BYTES) return null;
  try {
    const context = new OfflineAudioContext(1, 1, 22050);
    const audio = await context.decodeAudioData(await file.arrayBuffer());
    const samples = audio.getChannelData(0);
    const step = Math.max(1, Math.floor(samples.length / N_BARS));
    const peaks = [];
    for (let start = 0; start + step <= samples.length && peaks.length < N_BARS; start += step) {
      let peak = 0;
      for (let i = start; i < start + step; i += 4) peak = Math.max(peak, Math.abs(samples[i]));
      peaks.push(peak);
    }
    const loudest = Math.max(...peaks, 1e-6);
    return { peaks: peaks.map((peak) => peak / loudest), duration: audio.duration };
  } catch {
    return null; // a format that the browser does not play; the result stands without it
  }
}

function draw(canvas, peaks, share) {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (!width) return;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const style = getComputedStyle(document.documentElement);
  const shown = Math.min(peaks.length, Math.floor(width / 4));
  const step = width / shown;
  for (let i = 0; i < shown; i += 1) {
    const from = Math.floor((i * peaks.length) / shown);
    const to = Math.max(from + 1, Math.floor(((i + 1) * peaks.length) / shown));
    const tall = Math.max(3, Math.max(...peaks.slice(from, to)) * (height - 4));
    pen.fillStyle = style.getPropertyValue((i + 0.5) / shown <= share ? "--accent" : "--wave");
    pen.beginPath();
    pen.roundRect(i * step + step * 0.18, (height - tall) / 2, step * 0.64, tall, step * 0.32);
    pen.fill();
  }
}

let playing = null;

export async function makePlayer(file, name) {
  const decoded = await peaksOf(file);
  if (!decoded) return null;
  const { peaks, duration } = decoded;
  const audio = new Audio();
  const url = URL.createObjectURL(file);
  audio.src = url;
  audio.preload = "auto";
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  const shape = icon.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path"));
  const button = element("button", { type: "button", className: "play primary" }, icon);
  const canvas = element("canvas", { "aria-hidden": "true" });
  const slider = element("input", { type: "range", min: 0, max: duration, step: 0.1, value: 0, "aria-label": `Position in ${name}` });
  let position = 0;

  function show() {
    const state = audio.paused ? "play" : "pause";
    shape.setAttribute("d", SHAPES[state]);
    button.setAttribute("aria-label", `${audio.paused ? "Play" : "Pause"} ${name}`);
    slider.value = position;
    slider.setAttribute("aria-valuetext", `${clock(position)} of ${clock(duration)}`);
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
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
  const view = element("div", { className: "player" }, button, element("div", { className: "seek" }, canvas, slider));
  const close = () => { audio.pause(); audio.removeAttribute("src"); URL.revokeObjectURL(url); };
  return { view, close };
}
