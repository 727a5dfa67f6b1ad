// Costly work for a card is done once it is seen, and one at a time: 300 songs decoded at once would fill the memory.
const jobs = new Map();
const visible = new Set();
let isBusy = false;

const observer = new IntersectionObserver((changes) => {
  for (const { target, isIntersecting } of changes) {
    if (isIntersecting) visible.add(target);
    else visible.delete(target);
  }
  next();
}, { rootMargin: "200px" });

export function whenInView(card, job) {
  jobs.set(card, job);
  observer.observe(card);
}

export function forget(card) {
  jobs.delete(card);
  visible.delete(card);
  observer.unobserve(card);
}

async function next() {
  const card = [...jobs.keys()].find((one) => visible.has(one));
  if (isBusy || !card) return;
  const job = jobs.get(card);
  forget(card);
  isBusy = true;
  try {
    await job();
  } finally {
    isBusy = false;
    next();
  }
}
