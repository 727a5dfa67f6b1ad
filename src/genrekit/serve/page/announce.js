// What is said to those who do not see the page. Answers that come quickly are said together, and many as a count.
import { byId } from "/page/dom.js";

const MOST_AT_ONCE = 3;
const PAUSE_MS = 2000;
const PAUSE_OF_MANY_MS = 15000;
let unsaid = [];
let isPausing = false;

function flush() {
  const many = unsaid.length > MOST_AT_ONCE;
  byId("status").textContent = many ? `${unsaid.length} more, ${byId("progress").textContent}` : unsaid.join(". ");
  unsaid = [];
  isPausing = true;
  setTimeout(() => {
    isPausing = false;
    if (unsaid.length) flush();
  }, many ? PAUSE_OF_MANY_MS : PAUSE_MS);
}

export function say(text) {
  unsaid.push(text);
  if (!isPausing) flush();
}

// For all to see, and said.
export const notice = (text) => { byId("notice").textContent = text; };
