// Even fills, as condcolor/imaging/line_art.py makes them: a piece of a drawing that is nearly all one colour becomes all of it.

import { joined, labelled, median } from "./grids.js";

const LIGHT = 0.9, SMALLEST = 9, ALIKE = 0.12, MOST = 0.75, WHITE = 0.95; // told there

/** The pixels of each piece that lines enclose, of a square `[3, side, side]` Uint8Array. */
export function findPieces(square, side) {
  const count = side * side, light = new Float32Array(count);
  for (let i = 0; i < count; i++) light[i] = (square[i] + square[count + i] + square[2 * count + i]) / 765;
  const around = joined(light, side, Math.max);
  const open = Uint8Array.from(light, (l, i) => Number(l > LIGHT * around[i] && l > 0.25));
  const cores = labelled(joined(open, side, Math.min), side);
  const grown = joined(cores, side, Math.max); // the rim that was taken
  const pieces = new Map();
  for (let i = 0; i < count; i++) {
    const number = open[i] && (cores[i] || grown[i]);
    if (number === 0) continue;
    if (!pieces.has(number)) pieces.set(number, []);
    pieces.get(number).push(i);
  }
  return [...pieces.values()].filter((piece) => piece.length >= SMALLEST);
}

/** Make an output `[3, side, side]` in [-1, 1] even, in its place. */
export function evenFills(pieces, output, side) {
  const count = side * side;
  const decoded = (i) => (output[i] + 1) / 2;
  const atBorder = (i) => i < side || i >= count - side || i % side === 0 || i % side === side - 1;
  for (const piece of pieces) {
    const main = [0, 1, 2].map((c) => median(Float32Array.from(piece, (i) => decoded(c * count + i))));
    if (Math.min(...main) >= WHITE && piece.some(atBorder)) continue; // open ground may run into a figure
    const alike = piece.filter((i) => main.every((m, c) => Math.abs(decoded(c * count + i) - m) < ALIKE));
    if (alike.length < MOST * piece.length) continue;
    for (let c = 0; c < 3; c++) {
      const mean = alike.reduce((sum, i) => sum + output[c * count + i], 0) / alike.length;
      for (const i of piece) output[c * count + i] = mean;
    }
  }
}
