// The picture: one request at a time, the latest wish next.
// What is shown is always a whole PNG from the server, and the same bytes are what is downloaded.

import { askOfPicture, Problem } from "./server.js";
import { $, plain, query, state, values } from "./state.js";

const OUTDATED = 150; // ms after which a request is given up for a newer one
const LARGEST_VIEW = 0.7; // of the window's height, for a picture

let wanted = 0; // counts wishes
let running = null; // the request under way
const listeners = []; // called at each wish
const showListeners = []; // called when a picture is on screen: with whether it is the last that is wanted
let said = "";

export function onChange(listener) {
  listeners.push(listener);
}

export function onShown(listener) {
  showListeners.push(listener);
}

export function change() {
  wanted++;
  tell("");
  if (running && performance.now() - running.started > OUTDATED) running.abort.abort();
  if (!running) paint();
  for (const listener of listeners) listener();
}

// Stop what is under way: it is for another picture, or another model.
export function drop() {
  running?.abort.abort();
}

async function paint() {
  let done = -1;
  while (done !== wanted && state.id) {
    const wish = wanted;
    const shape = state.shape;
    running = { started: performance.now(), abort: new AbortController() };
    const slow = window.setTimeout(() => document.body.classList.add("busy"), 200);
    try {
      const asked = query({ hidden: true });
      const answer = await askOfPicture("colored.png", asked, { signal: running.abort.signal });
      const image = await decoded(await answer.blob());
      if (shape === state.shape) {
        show(image, performance.now() - running.started);
        for (const listener of showListeners) listener(wish === wanted);
      } else {
        URL.revokeObjectURL(image.src);
      }
    } catch (problem) {
      if (problem.name !== "AbortError" && wish === wanted) tell(problem);
    } finally {
      window.clearTimeout(slow);
      running = null;
      document.body.classList.remove("busy");
    }
    done = wish;
  }
}

export async function decoded(blob) {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  await image.decode();
  return image;
}

// Put a decoded picture into the place of the last one: it is on screen with the next frame.
function show(image, milliseconds) {
  const old = $("after");
  image.id = "after";
  image.alt = `The picture, coloured: ${described() || "as a photograph"}`;
  old.replaceWith(image);
  if (old.src) URL.revokeObjectURL(old.src);
  $("download").href = image.src;
  $("download").download = `${state.name}-${[...Object.values(values() ?? {})].map(plain).join("-") || "colored"}.png`;
  if (milliseconds) say(`${state.width} × ${state.height}, coloured in ${Math.round(milliseconds)} ms`);
}

const described = () => Object.entries(values() ?? {}).map((pair) => pair.join(" ")).join(", ");

export function say(text = said) {
  said = text;
  $("status").textContent = [text, ...(state.notes ?? [])].filter(Boolean).join(" · ");
}

export function tell(problem) {
  const text = typeof problem === "string" ? problem : problem.message;
  $("problem").hidden = !text;
  if ($("problem").textContent !== text) $("problem").textContent = text;
  for (const field of document.querySelectorAll(".any")) {
    field.setAttribute("aria-invalid", String(Boolean(text) && text.startsWith(field.dataset.name)));
  }
  if (problem instanceof Error && !(problem instanceof Problem)) console.error(problem);
}

export function fit() {
  if (!state.width) return;
  const narrow = window.matchMedia("(max-width: 859px)").matches;
  const height = window.innerHeight * (narrow ? 0.4 : LARGEST_VIEW);
  const scale = Math.min(height / state.height, $("full").clientWidth / state.width);
  for (const id of ["frame", "compare"]) $(id).style.width = `${Math.floor(state.width * scale)}px`;
  $("frame").style.height = `${Math.floor(state.height * scale)}px`;
}

export function compare(percent) {
  const at = Math.min(100, Math.max(0, percent));
  $("slider").value = at;
  $("full").dataset.at = Math.round(at);
  $("frame").style.setProperty("--at", `${at}%`);
  $("slider").setAttribute("aria-valuetext", `${Math.round(at)} % of the width as it came`);
}
