// The picture on screen: as large as a screen needs it, painted at each change; the pieces' outlines over it.

import { described } from "./colors.js";
import { paint } from "./paint.js";
import { $, fills, NOTHING, onChange, state } from "./state.js";

const LONGER = 1280; // pixels, the longer side of what is painted on screen
const KEYS = "Arrow keys go from piece to piece, Enter opens the parts, d goes to the next doubt.";
const LARGEST_VIEW = 0.7, PHONE_VIEW = 0.4; // of the window's height

let view = null; // {width, height, labels, light: {keep, white}, painted, boxes}
let shown = { hovered: NOTHING, chosen: NOTHING };
let asked = 0; // the frame in which the picture is painted

/** Make a picture ready to be shown: of its pixels, those on white paper or null, and the piece of each pixel. */
export async function viewOf({ pixels, white, labels }) {
  const { width: wide, height: high } = pixels, scale = Math.min(1, LONGER / Math.max(wide, high));
  const [width, height] = [wide, high].map((side) => Math.max(1, Math.round(side * scale)));
  const keep = await reduced(pixels, width, height);
  const light = { keep, white: white ? await reduced(new ImageData(white, wide, high), width, height) : keep };
  const across = Int32Array.from({ length: width }, (_, x) => Math.floor((x * wide) / width));
  const own = new Int32Array(width * height);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0, row = Math.floor((y * high) / height) * wide; x < width; x++, i++) own[i] = labels[row + across[x]];
  return { width, height, labels: own, light, painted: new ImageData(width, height), boxes: boxesOf(own, width) };
}

/** Show a picture, which `viewOf` made ready; its pieces are those of state.found. */
export function show(ready) {
  view = ready;
  shown = { hovered: NOTHING, chosen: NOTHING };
  Object.assign($("picture"), { width: view.width, height: view.height });
  fit();
}

async function reduced(pixels, width, height) {
  if (width === pixels.width && height === pixels.height) return pixels.data;
  const image = await createImageBitmap(pixels, { resizeWidth: width, resizeHeight: height, resizeQuality: "high" });
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, width, height).data;
}

/** Of each piece that is seen: its box, and a pixel of it near its middle. */
function boxesOf(labels, width) {
  const boxes = new Map();
  labels.forEach((label, i) => {
    const x = i % width, y = Math.floor(i / width), box = boxes.get(label);
    if (!box) return boxes.set(label, { left: x, top: y, right: x, bottom: y, across: x, down: y, count: 1 });
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.bottom = y;
    box.across += x;
    box.down += y;
    box.count++;
  });
  for (const box of boxes.values()) box.least = Infinity;
  labels.forEach((label, i) => {
    const box = boxes.get(label), far = (i % width - box.across / box.count) ** 2 + (Math.floor(i / width) - box.down / box.count) ** 2;
    if (far < box.least) [box.least, box.point] = [far, [i % width, Math.floor(i / width)]];
  });
  return boxes;
}

/** The pieces that are seen: number -> {left, top, right, bottom, point}, in pixels of the canvas. */
export const boxes = () => view.boxes;
export const hasPicture = () => view !== null;
export const chosen = () => shown.chosen;

/** The piece under a place of the window; the picture's own places are [x, y] of its canvas. */
export function pieceAt(clientX, clientY) {
  const box = $("picture").getBoundingClientRect(), within = (value, size) => Math.min(Math.max(Math.floor(value), 0), size - 1);
  const x = within(((clientX - box.left) / box.width) * view.width, view.width);
  return view.labels[within(((clientY - box.top) / box.height) * view.height, view.height) * view.width + x];
}

/** The place of the window where a pixel of the canvas is seen. */
export function placeOf([x, y]) {
  const box = $("picture").getBoundingClientRect();
  return [box.left + ((x + 0.5) / view.width) * box.width, box.top + ((y + 0.5) / view.height) * box.height];
}

export function outline(changes) {
  shown = { ...shown, ...changes };
  repaint();
}

function repaint() {
  if (view && !asked) asked = requestAnimationFrame(draw);
}

function draw() {
  asked = 0;
  paint(view.light[state.paper], view.labels, fills(), view.painted.data);
  const context = $("picture").getContext("2d");
  context.putImageData(view.painted, 0, 0);
  const unit = view.width / ($("picture").clientWidth || view.width); // a CSS pixel
  for (const [piece, color] of [[shown.hovered, "#333"], [shown.chosen, "#1d6fd8"]]) {
    if (!view.boxes.has(piece)) continue;
    const path = pathOf(piece);
    for (const [style, wide] of [["#fff", 5], [color, 2]]) {
      Object.assign(context, { strokeStyle: style, lineWidth: wide * unit, lineCap: "round" });
      context.stroke(path);
    }
  }
  $("picture").setAttribute("aria-label", `The picture, coloured: ${described()}. ${KEYS}`);
  performance.clearMarks("painted"); // the last one alone is kept
  performance.mark("painted");
}

/** The sides of pixels where a piece ends. */
function pathOf(piece) {
  const { left, top, right, bottom } = view.boxes.get(piece), path = new Path2D(), { labels, width } = view;
  const has = (x, y) => x >= left && x <= right && y >= top && y <= bottom && labels[y * width + x] === piece;
  const side = (x, y, u, v) => { path.moveTo(x, y); path.lineTo(u, v); };
  for (let y = top; y <= bottom + 1; y++)
    for (let x = left; x <= right + 1; x++) {
      if (has(x, y) !== has(x - 1, y)) side(x, y, x, y + 1);
      if (has(x, y) !== has(x, y - 1)) side(x, y, x + 1, y);
    }
  return path;
}

/** Give the picture as much room as there is. */
export function fit() {
  if (!view) return;
  const narrow = matchMedia("(max-width: 859px)").matches, [width, height] = state.size;
  const scale = Math.min((innerHeight * (narrow ? PHONE_VIEW : LARGEST_VIEW)) / height, $("full").clientWidth / width);
  $("frame").style.width = `${Math.floor(width * scale)}px`;
  $("frame").style.height = `${Math.floor(height * scale)}px`;
  repaint();
}

onChange(repaint);
addEventListener("resize", fit);
