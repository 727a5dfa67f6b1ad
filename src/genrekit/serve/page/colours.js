// A genre keeps its hue on the whole page. Hues are spread by the golden angle, so neighbours differ.
// How strong and how light it is, the style sheet decides, so that it follows the theme.
const GOLDEN_ANGLE = 137.508;
let order = [];

export const setGenres = (genres) => { order = genres; };

export const hueOf = (genre) => (250 + Math.max(0, order.indexOf(genre)) * GOLDEN_ANGLE) % 360;
