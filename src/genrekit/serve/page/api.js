// The service, as the page sees it. A failure is an object with `error` for people and `code` for the page.
let token = sessionStorage.getItem("genrekit-token") ?? "";

export function setToken(value) {
  token = value;
  sessionStorage.setItem("genrekit-token", value);
}

const headers = () => (token ? { Authorization: `Bearer ${token}` } : {});

export async function about() {
  return (await fetch("/v1/about")).json();
}

export async function models() {
  const response = await fetch("/v1/models", { headers: headers() });
  return response.ok ? (await response.json()).models : null;
}

const MAX_TRIES = 8;

export async function classify(file, onWaiting) {
  for (let attempt = 1; ; attempt += 1) {
    const form = new FormData();
    form.append("file", file, file.name);
    let response;
    try {
      response = await fetch("/v1/classify?timeline=true", { method: "POST", body: form, headers: headers() });
    } catch {
      return { code: "offline", error: "The service did not answer, or the file could not be read. Is it still running?" };
    }
    if (response.status === 429 && attempt < MAX_TRIES) {
      onWaiting();
      const seconds = Number(response.headers.get("Retry-After")) || 5;
      await new Promise((resume) => setTimeout(resume, 1000 * seconds));
      continue;
    }
    try {
      return await response.json();
    } catch {
      return { code: "unexpected", error: `The service answered in a form that this page does not know (${response.status}).` };
    }
  }
}
