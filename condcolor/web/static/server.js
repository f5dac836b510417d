// Asking the server: again when it has too much to do, and with the picture when it has forgotten that.

import { Problem } from "./messages.js";
import { state } from "./state.js";

const RETRIES = 8; // while the server has too much to do
const SENDINGS = 3; // of a picture that others push out of the server's memory

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

// An answer about a picture. The server keeps pictures for a while only: one that is gone is sent again.
export async function askOf(picture, tail, query = "", options = {}) {
  for (let again = 0; ; again++) {
    const { id } = picture;
    try {
      return await ask(`api/sketches/${id}/${tail}${query && `?${query}`}`, options);
    } catch (problem) {
      if (problem.status !== 404 || again >= SENDINGS) throw problem;
      if (picture.id === id) await sendAgain(picture);
    }
  }
}

// Give a picture to the server once, however many wait for that.
export async function sendAgain(picture) {
  picture.sending ??= picture.send().finally(() => (picture.sending = null));
  const about = await picture.sending;
  picture.about ??= about;
  picture.id = about.id;
  return about;
}

// The same about the picture that is open.
export const askOfPicture = (tail, query, options) => askOf(state.picture, tail, query, options);
