// Files and whole folders that are dropped anywhere on the window: a song that misses the frame must not replace the page.
const STILL_OVER_MS = 500; // a browser tells at least every 350 ms that something is over the page
const order = new Intl.Collator(undefined, { numeric: true });

const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));
const someOf = (reader) => new Promise((resolve, reject) => reader.readEntries(resolve, reject));

async function allOf(folder) {
  const reader = folder.createReader();
  const found = [];
  // It gives a hundred at a time, and none at the end.
  for (let some = await someOf(reader); some.length; some = await someOf(reader)) found.push(...some);
  return found.filter((entry) => !entry.name.startsWith(".")).sort((a, b) => order.compare(a.name, b.name));
}

// The songs in a folder and those below it, by name, each with its path; what cannot be read is left out.
async function songsIn(folder, isSong) {
  const songs = [];
  for (const entry of await allOf(folder).catch(() => [])) {
    if (entry.isDirectory) {
      songs.push(...await songsIn(entry, isSong));
    } else {
      const file = await fileOf(entry).catch(() => null);
      if (file && isSong(file)) songs.push({ file, name: entry.fullPath.slice(1) });
    }
  }
  return songs;
}

async function songsOf(transfer, isSong) {
  // All at once: the browser takes them away as soon as something is waited for.
  const dropped = [...transfer.items].filter((item) => item.kind === "file")
    .map((item) => ({ entry: item.webkitGetAsEntry?.(), file: item.getAsFile() }));
  const songs = [];
  for (const { entry, file } of dropped) {
    if (entry?.isDirectory) songs.push(...await songsIn(entry, isSong));
    else if (file) songs.push({ file, name: file.name });
  }
  return songs;
}

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

export function acceptDrops(frame, { isSong, onSongs }) {
  let timer = 0;
  function leave() {
    clearTimeout(timer);
    frame.classList.remove("over");
  }
  // By time, not by counting what is entered and left: an element that goes away during a drag is never left.
  window.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    clearTimeout(timer);
    timer = setTimeout(leave, STILL_OVER_MS);
    if (!frame.inert) frame.classList.add("over");
  });
  window.addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    leave();
    if (!frame.inert) onSongs(await songsOf(event.dataTransfer, isSong));
  });
}
