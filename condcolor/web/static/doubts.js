// Doubts of a model that finds parts: pieces of the drawing whose part is a close vote, hatched, one after another.

import { chosen } from "./outline.js";
import { besideOf, choosePieces } from "./palette.js";
import { boxOf, map, onPieces, pieces } from "./pieces.js";
import { $, state } from "./state.js";
import { reveal } from "./view.js";

const STRIPES = 14; // pixels from one to the next, of these:
const DARK = 3, LIGHT = 3; // the rest shows the picture

export const doubts = () => [...pieces().values()].filter((piece) => piece.in_doubt).sort((a, b) => b.area - a.area);

let seen = ""; // the numbers that are hatched
let last = null; // the doubt that was gone to last

onPieces(() => {
  const found = doubts(), area = found.reduce((sum, piece) => sum + piece.area, 0);
  const share = area / (state.width * state.height);
  const percent = share < 0.01 ? "less than 1" : Math.round(100 * share);
  $("doubts-legend").textContent = found.length
    ? `Hatched: the part is a close call, ${percent} % of the picture`
    : "No piece is in doubt";
  $("doubtful").hidden = !map();
  $("next-doubt").hidden = !found.length;
  $("doubt-count").textContent = found.length;
  markDoubts();
});

export function markDoubts() {
  $("doubts").hidden = !map() || !$("show-doubts").checked;
  if (!$("doubts").hidden) hatch(doubts().map(({ number }) => number));
}

// Choose the next doubt, the largest first, and open the palette there.
export function nextDoubt(step = 1) {
  const found = doubts();
  if (!found.length) {
    choosePieces([]);
    $("chosen").textContent = map() ? "No piece is in doubt" : "";
    return;
  }
  const at = found.findIndex(({ number }) => number === last && chosen().has(number));
  const given = chosen().has(last) ? pieces().get(last) : null; // it was in doubt, and is no more
  const next = at >= 0 ? found[(at + step + found.length) % found.length]
    : (given?.set && found.find(({ area }) => area <= given.area)) || found[0];
  last = next.number;
  reveal(next.point);
  choosePieces([next.number], besideOf(next));
}

function hatch(numbers) {
  const canvas = $("doubts"), { width, height, numbers: labels } = map() ?? { width: 1, height: 1 };
  const key = [state.shape, width, height, ...numbers].join(" ");
  if (key === seen) return;
  seen = key;
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  for (const number of numbers) {
    const [left, top, right, bottom] = boxOf(number);
    const image = context.getImageData(left, top, right - left, bottom - top);
    let i = 0;
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++, i += 4) {
        if (labels[y * width + x] !== number) continue;
        const at = (x + y) % STRIPES;
        const level = at < DARK ? 30 : 255, alpha = at < DARK + LIGHT ? 255 : 0;
        image.data.set([level, level, level, alpha], i);
      }
    }
    context.putImageData(image, left, top);
  }
}
