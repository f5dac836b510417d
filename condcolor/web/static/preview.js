// A corrected piece in the colour of its part, at once: the sketch multiplied by it, until the server's picture is there.

import { boxOf, map, onPieces, personOf, pieces } from "./pieces.js";
import { onShown } from "./picture.js";
import { $, state, values } from "./state.js";

let sketch = null; // { of, data }: the picture as it came, on white, at the size of the map
let shown = null; // the ImageData of the canvas, transparent where nothing is painted
let isClear = true;

onPieces((changed) => {
  if (!changed.length) return;
  if (map().notes.length) return; // light lines: no multiplication shows them
  for (const number of changed) {
    const color = levelsOf(partColor(pieces().get(number).part, personOf(number)));
    if (color) paint(number, color);
  }
});

onShown((isLast) => isLast && clearPreview());

export function clearPreview() {
  if (isClear) return;
  const canvas = $("preview");
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  shown.data.fill(0);
  isClear = true;
}

function paint(number, color) {
  const canvas = $("preview"), { numbers, width, height } = map(), [left, top, right, bottom] = boxOf(number);
  if (shown?.width !== width || shown.height !== height) {
    Object.assign(canvas, { width, height });
    shown = new ImageData(width, height);
  }
  const light = sketchLevels(), out = shown.data;
  const [reds, greens, blues] = color.map((level) => Uint8Array.from({ length: 256 }, (_, i) => Math.round((i * level) / 255)));
  for (let y = top; y < bottom; y++) {
    const end = y * width + right;
    for (let place = y * width + left; place < end; place++) {
      if (numbers[place] !== number) continue;
      const at = 4 * place;
      out[at] = reds[light[at]];
      out[at + 1] = greens[light[at + 1]];
      out[at + 2] = blues[light[at + 2]];
      out[at + 3] = 255;
    }
  }
  canvas.getContext("2d").putImageData(shown, 0, 0, left, top, right - left, bottom - top);
  isClear = false;
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

function levelsOf(color) {
  if (!color) return null;
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}
