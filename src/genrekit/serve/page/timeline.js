// What is played when: a strip of the segments to look at, a list of them to read, and which colour is which.
import { hueOf } from "/page/colours.js";
import { element } from "/page/dom.js";
import { clock, percent } from "/page/format.js";
import { shown } from "/page/names.js";

const coloured = (base, genre) => (genre === "unknown" ? { className: `${base} doubtful` } : { className: base, style: { "--hue": hueOf(genre) } });
const inWords = ({ start_s, end_s, genre, confidence }) => `${clock(start_s)}–${clock(end_s)} ${shown(genre)}, ${percent(confidence)}`;

export function timelineOf(result) {
  const strip = element("div", { className: "timeline", "aria-hidden": "true" });
  const length = Math.max(result.duration_s, 1e-6);
  for (const segment of result.timeline) {
    const { className, style } = coloured("segment", segment.genre);
    const place = { left: `${(100 * segment.start_s) / length}%`, width: `${(100 * (segment.end_s - segment.start_s)) / length}%` };
    strip.append(element("span", { className, title: inWords(segment), style: { ...style, ...place } }));
  }
  const spoken = element("ol", { className: "visually-hidden", "aria-label": "Genre over time" },
    ...result.timeline.map((segment) => element("li", { text: inWords(segment) })));
  const names = [...new Set(result.timeline.map((segment) => segment.genre))];
  const legend = element("ul", { className: "legend", "aria-hidden": "true" }, ...names.map((name) =>
    element("li", {}, element("span", coloured("swatch", name)), element("bdi", { text: shown(name) }))));
  return [strip, spoken, legend];
}
