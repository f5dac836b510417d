// What is asked for, at once: pieces in another colour than in the server's picture are painted over it, the
// sketch multiplied by their colour, until a picture that has them comes.

import { boxOf, map, onPieces, personOf, pieces } from "./pieces.js";
import { onAsk, onChange, onShown } from "./picture.js";
import { $, state, values } from "./state.js";

let sketch = null; // { of, data }: the picture as it came, on white, at the size of the map
let shown = null; // piece -> its colour in the server's picture on screen; null where that is not known
let asked = null; // the same, of the picture that is under way
let numbers = null; // the map that these numbers are of
let isSettled = false; // the picture on screen is the one that is asked for
let isClear = true;

onPieces(() => {
  if (map()?.numbers !== numbers) {
    numbers = map()?.numbers ?? null;
    asked = shown = null;
  }
  if (numbers && !shown && isSettled) shown = colors();
  paint();
});

onChange(() => {
  isSettled = false;
  paint();
});

onAsk(() => (asked = map() && colors()));

onShown((isLast) => {
  isSettled = isLast;
  shown = isLast && map() ? colors() : asked;
  paint();
});

export function clearPreview() {
  shown = null;
  isSettled = false;
  clear();
}

function clear() {
  if (isClear) return;
  const canvas = $("preview");
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  isClear = true;
}

// The colour of each piece, as CSS has it; "" where only the server knows it.
function colors() {
  const known = new Map();
  const colorOfPart = (part, person) => {
    const key = `${part} ${person}`;
    if (!known.has(key)) known.set(key, partColor(part, person));
    return known.get(key);
  };
  return new Map([...pieces()].map(([number, { part }]) => [number, colorOfPart(part, personOf(number))]));
}

// Whether the sketch multiplied by a colour is what the server's picture shows.
const canPaint = () => map() && shown && !map().notes.length && !state.hasColors && !state.hidden.size;

function paint() {
  if (!canPaint()) return clear();
  const differing = [...colors()].filter(([number, color]) => color !== shown.get(number) && levelsOf(color));
  if (!differing.length) return clear();
  const { width, height } = map(), canvas = $("preview");
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  clear();
  const boxes = differing.map(([number]) => boxOf(number)), side = (i) => boxes.map((box) => box[i]);
  const left = Math.min(...side(0)), top = Math.min(...side(1));
  const image = multiplied(differing, [left, top, Math.max(...side(2)), Math.max(...side(3))]);
  canvas.getContext("2d").putImageData(image, left, top);
  isClear = false;
}

// The sketch times the colours of these pieces within a box of the map, and nothing elsewhere.
function multiplied(differing, [left, top, right, bottom]) {
  const { width } = map(), light = sketchLevels(), image = new ImageData(right - left, bottom - top);
  const out = new Uint32Array(image.data.buffer);
  const row = new Int32Array(differing.reduce((most, [number]) => Math.max(most, number), 0) + 2);
  const distinct = [...new Set(differing.map(([, color]) => color))];
  const tables = new Uint8Array(3 * 256 * distinct.length);
  distinct.forEach((color, i) => {
    levelsOf(color).forEach((level, channel) => {
      for (let at = 0; at < 256; at++) tables[(3 * i + channel) * 256 + at] = Math.round((at * level) / 255);
    });
  });
  for (const [number, color] of differing) row[number] = 1 + distinct.indexOf(color);
  for (let y = top, i = 0; y < bottom; y++) {
    for (let place = y * width + left; place < y * width + right; place++, i++) {
      const at = row[numbers[place]];
      if (!at) continue; // also where numbers are larger than all of these
      const table = 768 * (at - 1);
      const red = tables[table + light[4 * place]], green = tables[table + 256 + light[4 * place + 1]];
      out[i] = (255 << 24) | (tables[table + 512 + light[4 * place + 2]] << 16) | (green << 8) | red;
    }
  }
  return image;
}

// Made ready with the pieces, before the first click.
export function sketchLevels() {
  const { width, height } = map();
  if (sketch?.of === state.shape && sketch.data.length === 4 * width * height) return sketch.data;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage($("before"), 0, 0, width, height);
  sketch = { of: state.shape, data: context.getImageData(0, 0, width, height).data };
  return sketch.data;
}

// The colour of a person's part as CSS has it; "" where only the server knows it.
export function partColor(part, person = 0) {
  const attribute = state.model.attributes.find(({ name }) => name === part);
  if (!attribute) return "white";
  const asked = (person > 1 && values()[`${part}-${person}`]) || (values()[part] ?? "default");
  return colorOf(attribute, asked === "default" ? attribute.default : asked);
}

export function colorOf({ values: own, palette }, asked) {
  if (own.includes(asked)) return palette[own.indexOf(asked)] ?? "";
  if (asked === "none" || asked === "keep") return "white";
  return CSS.supports("color", asked) ? asked : "";
}

const levels = new Map(); // colour -> [red, green, blue], or null

function levelsOf(color) {
  if (!levels.has(color)) levels.set(color, color ? readLevels(color) : null);
  return levels.get(color);
}

function readLevels(color) {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}
