// The pieces of the drawing and the piece of each pixel, so that hover, click and correction ask nobody.
// The server's answer holds up to the last cut; what was set after it is put in here.

import { say } from "./messages.js";
import { decoded } from "./picture.js";
import { askOfPicture } from "./server.js";
import { corrections, ofModel, state, withCorrections } from "./state.js";

const LONGER = 1024; // pixels, the longer side of the map of numbers

let loaded = null; // { key, width, height, numbers, base, pieces, notes }
let loading = 0; // counts loads
const listeners = []; // called with the numbers of the pieces whose part, or person, is another one now

export const pieces = () => loaded?.pieces ?? new Map();
export const map = () => loaded;
export const personOf = (number) => pieces().get(number)?.person ?? state.persons.of[number] ?? 0;

export function onPieces(listener) {
  listeners.push(listener);
}

export function dropPieces() {
  loaded = null;
  loading++;
  tellListeners([]);
}

// Bring the pieces up to date with corrections; true when they are. A Problem says which is not possible.
export async function refreshPieces(list = corrections()) {
  const cuts = list.findLastIndex(({ kind }) => kind === "cut") + 1;
  const key = [state.shape, ...list.slice(0, cuts).map(({ text }) => text)].join(" ");
  let before = loaded?.pieces;
  if (loaded?.key !== key) {
    const mine = ++loading;
    const fresh = await load(list.slice(0, cuts));
    if (mine !== loading) return false;
    loaded = { ...fresh, key };
    say(); // with the notes
    before = null;
  }
  const now = new Map([...loaded.base].map(([number, piece]) => [number, { ...piece }]));
  for (const { point, part, person } of list.slice(cuts)) {
    Object.assign(now.get(numberAt(...point)) ?? {}, part ? { part, set: true, in_doubt: false } : { person });
  }
  loaded.pieces = now;
  const differs = (one, other) => one?.part !== other.part || one.person !== other.person;
  tellListeners(before ? [...now.keys()].filter((n) => differs(before.get(n), now.get(n))) : []);
  return true;
}

async function load(list) {
  const asked = withCorrections(ofModel(), list);
  const [told, image] = await Promise.all([
    askOfPicture("pieces", asked).then((answer) => answer.json()),
    askOfPicture("pieces.png", `${asked}&longer=${LONGER}`).then((answer) => answer.blob()).then(decoded),
  ]);
  const { naturalWidth: width, naturalHeight: height } = image;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  URL.revokeObjectURL(image.src);
  const { data } = context.getImageData(0, 0, width, height);
  const numbers = new Uint32Array(width * height);
  for (let i = 0; i < numbers.length; i++) {
    numbers[i] = data[4 * i] | (data[4 * i + 1] << 8) | (data[4 * i + 2] << 16);
  }
  const base = new Map(told.pieces.map((piece) => [piece.number, piece]));
  for (const piece of base.values()) numbers[placeOf(piece.point, width, height)] = piece.number; // however small
  state.notes = [...new Set([...state.notes, ...told.notes])];
  return { width, height, numbers, base, notes: told.notes };
}

function placeOf([x, y], width, height) {
  const [column, row] = [Math.floor((x * width) / state.width), Math.floor((y * height) / state.height)];
  return Math.min(height - 1, row) * width + Math.min(width - 1, column);
}

// The number of the piece at a point of the picture, in its pixels.
export function numberAt(x, y) {
  return loaded.numbers[placeOf([x, y], loaded.width, loaded.height)];
}

// The box of a piece in the map: [left, top, right, bottom], right and bottom outside.
export function boxOf(number) {
  const [left, top, right, bottom] = pieces().get(number).box;
  const [across, down] = [loaded.width / state.width, loaded.height / state.height];
  return [
    Math.max(0, Math.floor(left * across) - 1), Math.max(0, Math.floor(top * down) - 1),
    Math.min(loaded.width, Math.ceil(right * across) + 1), Math.min(loaded.height, Math.ceil(bottom * down) + 1),
  ];
}

function tellListeners(changed) {
  for (const listener of listeners) listener(changed);
}
