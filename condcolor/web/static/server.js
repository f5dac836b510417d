// Asking the server: again when it has too much to do, and with the picture when it has forgotten that.

import { state } from "./state.js";

const RETRIES = 8; // while the server has too much to do

export class Problem extends Error {}

export async function ask(path, options = {}) {
  for (let again = 0; ; again++) {
    let answer;
    try {
      answer = await fetch(path, { cache: "no-store", ...options });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Problem("The server does not answer. Is condcolor serve still running?");
    }
    if (answer.ok) return answer;
    const wait = answer.headers.get("Retry-After"); // with a 503 that means: later
    if (answer.status === 503 && wait !== null && again < RETRIES) {
      const seconds = Number(wait) || 1;
      await new Promise((done) => setTimeout(done, 1000 * seconds * (0.5 + Math.random())));
      options.signal?.throwIfAborted();
      continue;
    }
    const told = await answer.json().catch(() => ({}));
    const problem = new Problem(told.error || `The server answered ${answer.status}.`);
    problem.status = answer.status;
    throw problem;
  }
}

export async function send(file) {
  if (file.size > state.maxBytes) {
    throw new Problem(`More than ${state.maxBytes >> 20} MiB: choose a smaller picture.`);
  }
  const type = /^image\//.test(file.type) ? file.type : "application/octet-stream";
  const headers = { "Content-Type": type };
  return (await ask("api/sketches", { method: "POST", body: file, headers })).json();
}

// An answer about the picture. The server keeps pictures for a while only: one that is gone is sent again.
export async function askOfPicture(tail, query = "", options = {}) {
  const path = () => `api/sketches/${state.id}/${tail}${query && `?${query}`}`;
  const before = state.id;
  try {
    return await ask(path(), options);
  } catch (problem) {
    if (problem.status !== 404) throw problem;
    if (state.id === before) {
      const { id } = await state.again();
      if (state.id === before) state.id = id; // another picture may have been opened meanwhile
    }
    return ask(path(), options);
  }
}
