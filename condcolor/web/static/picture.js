// The picture: one request at a time, the latest wish next.
// What is shown is always a whole PNG from the server, and the same bytes are what is downloaded.

import { forgetProblems, say, tellOfColors } from "./messages.js";
import { askOfPicture } from "./server.js";
import { $, plain, query, state, values } from "./state.js";

const OUTDATED = 150; // ms after which a request is given up for a newer one
const LARGE = 1.5e6; // pixels of a picture that takes the server long:
const REDUCED = 1024; // pixels of its longer side, shown first
const SETTLED = 250; // ms without a change, after which that one is asked for

let wanted = 0; // counts wishes
let changed = 0; // when the last wish came
let running = null; // the request under way
let whole = null; // { wish, blob }: the picture on screen
let failed = null; // { wish, problem }: what could not be coloured last
const waiting = []; // for the whole picture: { done, fail }
const listeners = []; // called at each wish
const askListeners = []; // called when a picture is asked for
const showListeners = []; // called when a picture is on screen: with whether it is the last that is wanted

export function onChange(listener) {
  listeners.push(listener);
}

export function onAsk(listener) {
  askListeners.push(listener);
}

export function onShown(listener) {
  showListeners.push(listener);
}

export function change() {
  wanted++;
  changed = performance.now();
  forgetProblems();
  if (running && performance.now() - running.started > OUTDATED) running.abort.abort();
  if (!running) paint();
  for (const listener of listeners) listener();
}

// The picture as it is asked for, as a PNG's blob, as soon as it is there.
export function wholePicture() {
  if (isWhole()) return Promise.resolve(whole.blob);
  if (failed?.wish === wanted) return Promise.reject(failed.problem);
  return new Promise((done, fail) => waiting.push({ done, fail }));
}

export const isColoring = () => Boolean(running);
export const isWhole = () => whole?.wish === wanted;

// Stop what is under way: it is for another picture, or another model.
export function drop() {
  running?.abort.abort();
}

async function paint() {
  let done = -1;
  while (done !== wanted && state.picture) {
    running = { started: Infinity, abort: new AbortController() };
    const wish = wanted;
    await showReduced();
    await settled();
    if (!state.picture) break; // it was closed meanwhile
    if (wish !== wanted) continue;
    const shape = state.shape;
    running.started = performance.now();
    const slow = window.setTimeout(() => document.body.classList.add("busy"), 200);
    try {
      const asked = query({ hidden: true });
      for (const listener of askListeners) listener();
      const answer = await askOfPicture("colored.png", asked, { signal: running.abort.signal });
      const blob = await answer.blob();
      const image = await decoded(blob);
      if (shape === state.shape) {
        whole = { wish, blob };
        show(image, performance.now() - running.started);
        for (const listener of showListeners) listener(wish === wanted);
      } else {
        URL.revokeObjectURL(image.src);
      }
    } catch (problem) {
      if (problem.name !== "AbortError" && wish === wanted) {
        failed = { wish, problem };
        tellOfColors(problem);
        for (const { fail } of waiting.splice(0)) fail(problem);
      }
    } finally {
      window.clearTimeout(slow);
      running = null;
      document.body.classList.remove("busy");
    }
    done = wish;
  }
  running = null;
  if (isWhole()) for (const { done: give } of waiting.splice(0)) give(whole.blob);
}

const isLarge = () => state.width * state.height >= LARGE;

// Show a large photograph reduced: that is there long before the whole.
async function showReduced() {
  if (!isLarge() || state.model.vivid === null) return;
  const { shape } = state;
  try {
    for (const listener of askListeners) listener();
    const asked = `${query()}&longer=${REDUCED}`;
    const answer = await askOfPicture("colored.png", asked, { signal: running.abort.signal });
    const image = await decoded(await answer.blob());
    if (shape !== state.shape) return URL.revokeObjectURL(image.src);
    put(image);
    say(`${state.width} × ${state.height}, shown reduced: the whole is on its way`);
    for (const listener of showListeners) listener(false);
  } catch {
    // what is wrong is told by the request for the whole
  }
}

// Wait until a large picture changes no more: what is shown meanwhile is reduced.
async function settled() {
  if (!isLarge()) return;
  for (;;) {
    const left = changed + SETTLED - performance.now();
    if (left <= 0) return;
    await new Promise((done) => setTimeout(done, left));
  }
}

export async function decoded(blob) {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  await image.decode();
  return image;
}

// Put a decoded picture into the place of the last one: it is on screen with the next frame.
function put(image) {
  const old = $("after");
  image.id = "after";
  image.alt = `The picture, coloured: ${described() || "as a photograph"}`;
  old.replaceWith(image);
  if (old.src && old.src !== $("download").href) URL.revokeObjectURL(old.src);
}

// Show the whole picture, which is also the one to download.
function show(image, milliseconds) {
  put(image);
  if ($("download").href.startsWith("blob:")) URL.revokeObjectURL($("download").href);
  $("download").href = image.src;
  $("download").download = `${state.name}-${[...Object.values(values() ?? {})].map(plain).join("-") || "colored"}.png`;
  if (milliseconds) say(`${state.width} × ${state.height}, coloured in ${Math.round(milliseconds)} ms`);
}

const described = () => Object.entries(values() ?? {}).map((pair) => pair.join(" ")).join(", ");

export function compare(percent) {
  const at = Math.min(100, Math.max(0, percent));
  $("slider").value = at;
  $("full").dataset.at = Math.round(at);
  $("frame").style.setProperty("--at", `${at}%`);
  $("slider").setAttribute("aria-valuetext", `${Math.round(at)} % of the width as it came`);
}
