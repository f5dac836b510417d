// Pictures come in: chosen, dropped, pasted, or a sample; and files of parts.

import { correctionOf } from "./correct.js";
import { forgetAll } from "./history.js";
import { isPartsFile, loadParts } from "./partsfile.js";
import { forgetPersons } from "./persons.js";
import { compare, decoded, drop, fit, say, tell } from "./picture.js";
import { ask, askOfPicture, send } from "./server.js";
import { $, state } from "./state.js";

let openings = 0;
const listeners = []; // called when another picture is open

export function onOpen(listener) {
  listeners.push(listener);
}

// Open the picture that `sending` gives to the server; true where no newer one came in between.
export async function open(sending, name) {
  const mine = ++openings;
  tell("");
  say("Opening…");
  let sent;
  try {
    sent = await sending();
  } catch (problem) {
    if (mine !== openings) return false;
    say("");
    tell(problem);
    return false;
  }
  if (mine !== openings) return false; // a newer one is on its way
  drop();
  const { id, width, height, notes } = sent;
  Object.assign(state, { again: sending, id, width, height, notes, hasColors: Boolean(sent.has_colors), recolor: "no" });
  state.corrections = { [state.model.name]: (sent.corrections ?? []).map(correctionOf) };
  state.hints = {};
  state.name = name.replace(/\.[^.]*$/, "") || "picture";
  state.shape++;
  state.hidden.clear();
  forgetAll();
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
  $("main").dataset.state = "full";
  for (const each of ["full", "panel"]) $(each).hidden = false;
  $("choose-other").hidden = Boolean(state.review);
  $("empty").hidden = true;
  fit();
  compare(0);
  for (const listener of listeners) listener(sent);
  return true;
}

function openFile(file) {
  forgetPersons();
  return open(() => send(file), file.name);
}

// Open the picture among these files, then take the corrections of the file of parts among them.
async function openAll(files) {
  const parts = files.find(isPartsFile), picture = files.find((file) => !isPartsFile(file));
  if (picture && state.review) return tell("Here pictures are gone through: open another one without --review.");
  if (picture && !(await openFile(picture))) return;
  if (parts) await loadParts(parts);
}

async function openSample(button, chooseModel) {
  const photograph = "photograph" in button.dataset;
  const fits = (model) => (model.vivid !== null) === photograph;
  const chosen = fits(state.model) ? state.model : state.models.find(fits);
  if (chosen) chooseModel(chosen.name);
  const place = button.dataset.sample;
  const blob = await (await ask(place)).blob();
  forgetPersons();
  open(() => send(blob), place.split("/").pop());
}

export function listenToFiles(chooseModel) {
  for (const id of ["choose", "choose-other"]) $(id).addEventListener("click", () => $("file").click());
  for (const id of ["file", "parts-file"]) {
    $(id).addEventListener("change", () => {
      openAll([...$(id).files]);
      $(id).value = "";
    });
  }
  for (const button of document.querySelectorAll(".sample")) {
    button.addEventListener("click", () => openSample(button, chooseModel).catch(tell));
  }
  let depth = 0;
  const over = (by) => {
    depth = by ? Math.max(0, depth + by) : 0;
    document.body.classList.toggle("dragged", depth > 0);
  };
  document.addEventListener("dragenter", () => over(1));
  document.addEventListener("dragleave", () => over(-1));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    over(0);
    const files = [...event.dataTransfer.files];
    if (files.length) openAll(files);
    else tell("Drop a picture's file: pictures of other pages are not fetched.");
  });
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length) openAll(files);
  });
}
