// A genre keeps its colour on the whole page. Hues are spread by the golden angle, so neighbours differ.
const GOLDEN_ANGLE = 137.508;
const dark = window.matchMedia("(prefers-color-scheme: dark)");
let order = [];

export const setGenres = (genres) => { order = genres; };

export function colourOf(genre) {
  const place = Math.max(0, order.indexOf(genre));
  const hue = (250 + place * GOLDEN_ANGLE) % 360;
  return dark.matches ? `hsl(${hue} 62% 68%)` : `hsl(${hue} 55% 48%)`;
}
