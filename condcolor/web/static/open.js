// A picture is opened, and closed.

import { correctionOf } from "./correct.js";
import { takeHistories } from "./history.js";
import { say, tell } from "./messages.js";
import { givePersons, takePersons } from "./persons.js";
import { compare, decoded, drop } from "./picture.js";
import { dropPieces } from "./pieces.js";
import { clearPreview } from "./preview.js";
import { askOfPicture, sendAgain } from "./server.js";
import { $, state } from "./state.js";
import { fit, zoomTo } from "./view.js";

let openings = 0; // counts them
let opening = 0; // that are under way
const listeners = []; // called when another picture is open: with the server's answer, and how it was opened

export function onOpen(listener) {
  listeners.push(listener);
}

export const stem = (name) => name.replace(/\.[^.]*$/, "") || "picture";

// Give a picture to the server, unless it has it.
export async function sent(picture) {
  if (!picture.about) await sendAgain(picture);
  return picture.about;
}

export const isOpening = () => opening > 0;

// Open a picture; true where no newer one came in between. again: it was open before, with this model.
export async function open(picture, options) {
  opening++;
  try {
    return await bringUp(picture, options);
  } finally {
    opening--;
  }
}

async function bringUp(picture, { again = false } = {}) {
  const mine = ++openings;
  tell("");
  say("Opening…");
  let about;
  try {
    about = await sent(picture);
  } catch (problem) {
    if (mine !== openings) return false;
    say("");
    tell(problem);
    return false;
  }
  if (mine !== openings) return false; // a newer one is on its way
  drop();
  leave();
  take(picture, about);
  try {
    const image = await decoded(await (await askOfPicture("sketch.png")).blob());
    if (mine !== openings) return false;
    const before = $("before");
    if (before.src) URL.revokeObjectURL(before.src);
    image.id = "before";
    image.alt = "The picture as it came";
    before.replaceWith(image);
  } catch (problem) {
    tell(problem);
    return false;
  }
  if (!$("after").src) $("after").src = $("before").src;
  show(true);
  fit();
  zoomTo(1);
  compare(0);
  for (const listener of listeners) listener(about, { again });
  return true;
}

// What the page knows of the picture that is open goes back to it.
function leave() {
  if (!state.picture) return;
  state.picture.recolor = state.recolor;
  if (!state.review) state.picture.own = takePersons();
}

function take(picture, { width, height, notes, has_colors: hasColors, corrections }) {
  if (corrections) picture.corrections[state.model.name] ??= corrections.map(correctionOf);
  Object.assign(state, {
    picture, width, height, notes, hasColors: Boolean(hasColors), name: stem(picture.name), recolor: picture.recolor,
    corrections: picture.corrections, hints: picture.hints,
  });
  givePersons(picture.own);
  state.shape++;
  state.hidden.clear();
  takeHistories(picture.histories);
}

// Have no picture open.
export function close() {
  openings++;
  drop();
  leave();
  state.picture = null;
  state.shape++;
  clearPreview();
  dropPieces();
  show(false);
  say("");
  tell("");
}

function show(isOpen) {
  $("main").dataset.state = isOpen ? "full" : "empty";
  for (const each of ["full", "panel"]) $(each).hidden = !isOpen;
  for (const each of ["choose-other", "close"]) $(each).hidden = !isOpen || state.review;
  if (!isOpen) $("variants").hidden = true;
  $("empty").hidden = isOpen;
}
