// The shape of a file's sound: the loudest sample of each of a fixed number of bars, whichever channel it is on.
const N_BARS = 140;
const EVERY = 4; // samples; a peak that falls between is all but the same as its neighbours

function peaksOf(audio) {
  const channels = Array.from({ length: audio.numberOfChannels }, (_, i) => audio.getChannelData(i));
  const step = Math.max(1, Math.floor(audio.length / N_BARS));
  const peaks = [];
  for (let start = 0; start + step <= audio.length && peaks.length < N_BARS; start += step) {
    let peak = 0;
    for (const samples of channels) {
      for (let i = start; i < start + step; i += EVERY) peak = Math.max(peak, Math.abs(samples[i]));
    }
    peaks.push(peak);
  }
  const loudest = Math.max(...peaks, 1e-6);
  return peaks.map((peak) => peak / loudest);
}

// null for a format that the browser does not play.
export async function decode(file) {
  try {
    const context = new OfflineAudioContext(1, 1, 22050);
    const audio = await context.decodeAudioData(await file.arrayBuffer());
    return { peaks: peaksOf(audio), duration: audio.duration };
  } catch {
    return null;
  }
}

export function draw(canvas, peaks, share) {
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
