// The tray: several pictures in the same colours. One of them is open; all are taken home as one zip.

import { modelFor } from "./kind.js";
import { note, Problem, tell } from "./messages.js";
import { close, isOpening, onOpen, open, sent, stem } from "./open.js";
import { isColoring, onChange } from "./picture.js";
import { onPieces, pieces } from "./pieces.js";
import { askOf, send } from "./server.js";
import { $, element, pictureOf, queryOf, save, state, withCorrections } from "./state.js";
import { zipped } from "./zip.js";

const SETTLED = 600; // ms without a change, after which the small pictures are made anew
const TURN = 100; // ms between looks whether the open picture takes the server's time
const THUMB = 160; // pixels
const PLACE = "tray-told";
const listeners = []; // called when pictures come or go

let round = 0; // of making small pictures; a newer one ends it

export function onTray(listener) {
  listeners.push(listener);
}

// Put files into the tray, in place of a single picture, and open the first; true when it is open.
export function openFiles(files) {
  const fresh = files.map((file) => pictureOf({ name: file.name, file, send: () => send(file) }));
  state.tray = state.tray.length > 1 ? [...state.tray, ...fresh] : fresh;
  showTray();
  return open(fresh[0]);
}

// Put pictures back that were there before.
export function restoreTray(pictures, at) {
  state.tray = pictures;
  showTray();
  return open(pictures[at] ?? pictures[0], { again: true });
}

export function showTray() {
  $("tray").hidden = state.tray.length < 2;
  const items = new Map([...$("tray-list").children].map((item) => [item.picture, item]));
  const next = state.tray.map((picture) => items.get(picture) ?? itemOf(picture));
  for (const item of $("tray-list").children) if (!next.includes(item)) item.remove();
  next.forEach((item, i) => $("tray-list").children[i] === item || $("tray-list").insertBefore(item, $("tray-list").children[i] ?? null));
  $("tray-count").textContent = state.tray.length;
  for (const item of next) mark(item);
  for (const listener of listeners) listener();
  settle();
}

function itemOf(picture) {
  const image = element("span", { className: "thumb" });
  const button = element("button", { type: "button", title: picture.name }, image, element("span", { className: "title", textContent: picture.name }));
  button.addEventListener("click", () => open(picture));
  const remove = element("button", { type: "button", className: "remove", textContent: "×", title: `Remove ${picture.name}` });
  remove.setAttribute("aria-label", `Remove ${picture.name}`);
  const flag = element("span", { className: "flag", hidden: true });
  button.append(flag);
  const item = element("li", {}, button, remove);
  item.picture = picture;
  remove.addEventListener("click", () => take(picture));
  return item;
}

function mark(item) {
  const { picture } = item, flag = item.querySelector(".flag");
  item.querySelector("button").setAttribute("aria-current", String(picture === state.picture));
  const words = picture.problem ?? (picture.doubts ? `${picture.doubts} in doubt` : "");
  flag.textContent = picture.problem ? "unreadable" : words;
  flag.title = words;
  flag.hidden = !words;
}

function take(picture) {
  const at = state.tray.indexOf(picture);
  state.tray = state.tray.filter((each) => each !== picture);
  if (picture === state.picture) {
    if (state.tray.length) open(state.tray[Math.min(at, state.tray.length - 1)]);
    else close();
  }
  showTray();
}

// Close all pictures.
export function emptyTray() {
  state.tray = [];
  close();
  showTray();
  $("choose").focus();
}

const askedOf = (picture) => {
  const model = modelFor(picture.about.kind);
  return withCorrections(queryOf(picture, model), picture.corrections[model.name] ?? []);
};

// Make the small pictures one after another, in the colours of now; find what is in doubt.
async function refresh() {
  const mine = ++round;
  if (state.tray.length < 2) return;
  for (const item of $("tray-list").children) {
    const { picture } = item;
    if (picture.problem) continue;
    while (isOpening() || isColoring()) await new Promise((done) => setTimeout(done, TURN));
    if (mine !== round) return;
    try {
      await sent(picture);
      if (mine !== round) return;
      const asked = askedOf(picture);
      if (picture.thumb !== asked) {
        const blob = await (await askOf(picture, "colored.png", `${asked}&longer=${THUMB}`)).blob();
        if (mine !== round) return;
        showThumb(item, blob);
        picture.thumb = asked;
      }
      if (picture.doubts === null) picture.doubts = await countDoubts(picture);
    } catch (problem) {
      if (!(problem instanceof Problem)) tell(problem, PLACE);
      if (!picture.about && problem.status) picture.problem = problem.message;
    }
    mark(item);
  }
}

function showThumb(item, blob) {
  const old = item.querySelector(".thumb");
  const image = element("img", { className: "thumb", alt: "", src: URL.createObjectURL(blob) });
  old.replaceWith(image);
  if (old.src) URL.revokeObjectURL(old.src);
}

async function countDoubts(picture) {
  const model = modelFor(picture.about.kind);
  if (!model.parts.length) return 0;
  const asked = withCorrections(new URLSearchParams({ model: model.name }), picture.corrections[model.name] ?? []);
  const told = await (await askOf(picture, "pieces", asked)).json();
  return told.pieces.filter((piece) => piece.in_doubt).length;
}

// Colour all of them and give them as one zip.
async function download() {
  const button = $("download-all");
  if (button.ariaDisabled === "true") return; // it is under way
  button.ariaDisabled = "true";
  const files = [], wrong = [], names = new Set();
  for (const [i, picture] of state.tray.entries()) {
    note(`Colouring ${i + 1} of ${state.tray.length}…`, PLACE);
    try {
      await sent(picture);
      const blob = await (await askOf(picture, "colored.png", askedOf(picture))).blob();
      files.push([unique(`${stem(picture.name)}.png`, names), blob]);
    } catch (problem) {
      wrong.push(`${picture.name}: ${problem.message}`);
    }
  }
  try {
    if (files.length) save(await zipped(files), "colored.zip");
  } catch (problem) {
    wrong.push(problem.message);
  }
  if (wrong.length) tell(wrong.join("\n"), PLACE);
  else note(`${files.length} pictures in colored.zip`, PLACE);
  button.ariaDisabled = "false";
}

function unique(name, names) {
  let own = name;
  for (let i = 2; names.has(own.toLowerCase()); i++) own = `${stem(name)}-${i}.png`;
  names.add(own.toLowerCase());
  return own;
}

let settling;
function settle() {
  window.clearTimeout(settling);
  settling = window.setTimeout(refresh, SETTLED);
}

export function listenToTray() {
  $("download-all").addEventListener("click", download);
  $("add-pictures").addEventListener("click", () => $("file").click());
  $("close").addEventListener("click", emptyTray);
  onChange(settle);
  onOpen(() => showTray());
  onPieces(() => {
    if (!state.picture || !pieces().size) return;
    state.picture.doubts = [...pieces().values()].filter((piece) => piece.in_doubt).length;
    for (const item of $("tray-list").children) mark(item);
  });
}
