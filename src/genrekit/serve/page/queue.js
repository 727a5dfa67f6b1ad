// A few at a time, the rest in order.
export function makeQueue(atOnce, work) {
  const waiting = [];
  let nWorking = 0;

  function pump() {
    while (nWorking < atOnce && waiting.length) {
      nWorking += 1;
      work(waiting.shift()).finally(() => { nWorking -= 1; pump(); });
    }
  }
  function add(entry) {
    waiting.push(entry);
    pump();
  }
  function remove(entry) {
    const place = waiting.indexOf(entry);
    if (place >= 0) waiting.splice(place, 1);
  }
  return { add, remove };
}
