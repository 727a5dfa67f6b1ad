// The service, as the page sees it. A failure is an object with `error` for people and `code` for the page.
const STORED = "genrekit-token";
const MAX_TRIES = 8;
let token = sessionStorage.getItem(STORED) ?? "";

const headers = () => (token ? { Authorization: `Bearer ${token}` } : {});

export async function about() {
  return (await fetch("/v1/about")).json();
}

// What the service says of its models; null where it does not take the token.
export async function models() {
  let head;
  try {
    head = new Headers(headers());
  } catch {
    return null; // a character that no header can carry, so it cannot be the service's token
  }
  const response = await fetch("/v1/models", { headers: head });
  if (response.status === 401) return null;
  return (await response.json()).models ?? Promise.reject(new Error("no answer"));
}

// The same with another token. It is kept only where it was accepted.
export async function unlock(given) {
  token = given;
  const known = await models();
  if (known) sessionStorage.setItem(STORED, token);
  else lock();
  return known;
}

// Forgets the token; tells whether there was one.
export function lock() {
  const had = token !== "";
  token = "";
  sessionStorage.removeItem(STORED);
  return had;
}

// Not fetch, which does not tell when all is sent.
function post(form, { signal, onSent }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/classify?timeline=true");
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.addEventListener("load", onSent);
    request.addEventListener("load", () => resolve(request));
    for (const end of ["error", "abort"]) request.addEventListener(end, reject);
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

// A request with a file that is gone fails as one without a service does.
async function whyNot(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return { code: "offline", error: "The service did not answer. Is it still running?" };
  } catch {
    return { code: "file_gone", error: "It was moved, changed or deleted since it was chosen. Choose it again." };
  }
}

function read(response) {
  try {
    const answer = JSON.parse(response.responseText);
    if (answer.genre === undefined && answer.error === undefined) throw new TypeError("of a proxy, perhaps");
    return answer;
  } catch {
    return { code: "unexpected", error: `The service answered in a form that this page does not know (${response.status}).` };
  }
}

// What the service answers to a file; null once `signal` has ended it.
export async function classify(file, { signal, onSending, onSent, onWaiting }) {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    const form = new FormData();
    form.append("file", file, file.name);
    onSending();
    let response;
    try {
      response = await post(form, { signal, onSent });
    } catch {
      return signal.aborted ? null : whyNot(file);
    }
    if (response.status !== 429 || attempt === MAX_TRIES) return read(response);
    onWaiting();
    const seconds = Number(response.getResponseHeader("Retry-After")) || 5;
    await new Promise((resume) => {
      setTimeout(resume, 1000 * seconds);
      signal.addEventListener("abort", resume);
    });
  }
  return null;
}
