// The paper of a drawing taken away, after condcolor/imaging/paper.py: its colour is found on a coarse grid, without
// the lines, and the drawing is divided by it. Left out of it: printed lines, faint lines, light lines on dark.

import { halfEven } from "./geometry.js";
import { closing, joined, labelled, median, sizesOf } from "./grids.js";

const LINE_WIDTH = 0.05, GRID = 128, MOSTLY = 0.5, NEAR_WHITE = 253, BARELY_GREY = 160; // told there, as all below
const INK = 0.12, LINED_STEP = 0.035, BARE_STEP = 0.18, ALIKE = 0.07, AROUND = 1 / 3, DARKER = 0.5;
const LEAST_SHARE = 0.1, LEAST_LIGHT = 60, LEAST_TINT = 0.3, WHITE_SHARE = 0.75;
const ENOUGH = 0.8, CLOSED = 0.1, SAMPLE = 110, UNEVEN = 0.03, LEAST_NOISE = 2 / 255, MOST_NOISE = 0.12;

/** A picture {width, height, data} on white; itself if its paper is white, or if it has none. */
export function onWhite(picture) {
  if (picture.data.reduce((sum, level) => sum + (level === 255), 0) > MOSTLY * picture.data.length) return picture;
  const grid = means(picture), found = findPaper(grid);
  if (!found) return picture;
  const { width, height, data } = picture, made = new Uint8Array(data.length);
  const light = 1 - noiseOf(picture, grid, found);
  found.paper.forEach((plane, c) => {
    const at = between(plane, grid);
    for (let y = 0, i = c * width * height; y < height; y++)
      for (let x = 0; x < width; x++, i++) made[i] = Math.min(255, halfEven(data[i] / (at(x, y) * light)));
  });
  return { width, height, data: made };
}

/** The mean colour of each cell of at most GRID a side: {planes, width, height, cell}. */
function means({ width, height, data }) {
  const cell = Math.ceil(Math.max(width, height) / GRID), wide = Math.ceil(width / cell), high = Math.ceil(height / cell);
  const planes = [0, 1, 2].map((c) => {
    const sums = new Float64Array(wide * high), counts = new Float64Array(wide * high);
    for (let y = 0, i = c * width * height; y < height; y++)
      for (let x = 0; x < width; x++, i++) {
        const j = Math.floor(y / cell) * wide + Math.floor(x / cell);
        sums[j] += data[i];
        counts[j]++;
      }
    return Float32Array.from(sums, (sum, j) => Math.round(sum / counts[j]));
  });
  return { planes, width: wide, height: high, cell };
}

/** The paper of each cell, three planes in (0, 1], and which cells show nothing else; null if it is white. */
function findPaper({ planes, width, height }) {
  const reach = halfEven((LINE_WIDTH / 2) * Math.max(width, height)), count = width * height;
  const closed = planes.map((plane) => closing(plane, width, reach));
  const cells = [...Array(count).keys()];
  const most = (value) => Float32Array.from(cells, (j) => Math.max(value(0, j), value(1, j), value(2, j)));
  const white = cells.map((j) => closed.every((plane) => plane[j] >= NEAR_WHITE));
  const lightest = cells.map((j) => Math.min(...closed.map((plane) => plane[j])));
  const isBorder = (j) => j < width || j >= count - width || j % width === 0 || j % width === width - 1;
  const border = cells.filter(isBorder), share = (is) => is.filter(Boolean).length / is.length;
  if (share(white) > 0.5 && border.every((j) => white[j] || lightest[j] < BARELY_GREY)) return null;

  // the paper is smooth, but for lines; the edges of shadows may be steeper than those of fills
  const [high, low] = [Math.max, Math.min].map((join) => closed.map((plane) => joined(plane, width, join)));
  const step = most((c, j) => (high[c][j] - low[c][j]) / Math.max(high[c][j], 12));
  const depth = most((c, j) => (closed[c][j] - planes[c][j]) / Math.max(closed[c][j], 1));
  const lined = joined(depth.map((d) => Number(d > INK)), width, Math.max);
  const smooth = step.map((s, j) => Number(s < (lined[j] ? LINED_STEP : BARE_STEP)));
  const cores = labelled(joined(smooth, width, Math.min), width), rims = joined(cores, width, Math.max);
  const areas = cores.map((area, j) => (smooth[j] ? area || rims[j] : 0));
  const numbers = areas.reduce((a, b) => Math.max(a, b), 0) + 1, sizes = sizesOf(areas, numbers);
  const touching = Float64Array.from(sizesOf(border.map((j) => areas[j]), numbers), (n) => n / border.length);
  const levels = closed.map((plane) => meansIn(plane, areas, sizes));
  let main = 0, best = 0; // large, light and at the border
  for (let area = 1; area < numbers; area++) {
    const level = (levels[0][area] + levels[1][area] + levels[2][area]) / 3;
    const weight = sizes[area] * level ** 2 * (1 + touching[area]);
    if (weight > best) [main, best] = [area, weight];
  }
  const level = levels.map((means) => means[main]), paperCells = cells.filter((j) => areas[j] === main);
  if (main === 0 || sizes[main] < LEAST_SHARE * count || Math.max(...level) < LEAST_LIGHT
    || Math.min(...level) < LEAST_TINT * Math.max(...level)
    || share(paperCells.map((j) => white[j])) > WHITE_SHARE) return null;

  // areas as light as expected are paper, too; where it is covered, it is interpolated
  const surfaces = closed.map((plane) => quadratic(plane, paperCells, width, height));
  const off = closed.map((plane, c) => meansIn(plane.map((l, j) => l / surfaces[c][j]), areas, sizes));
  const also = Array.from(sizes, (_, area) => area === main || (area > 0 && (off.every((o) => Math.abs(o[area] - 1) < ALIKE)
    || (touching[area] > AROUND && off.every((o) => o[area] > DARKER)))));
  const isPaper = cells.map((j) => also[areas[j]]), bare = cells.map((j) => isPaper[j] && depth[j] < INK / 2 && !lined[j]);
  const weights = Float32Array.from(cells, (j) => (bare[j] ? 1 : isPaper[j] ? CLOSED : 0));
  const paper = closed.map((plane, c) => {
    const seen = plane.filter((_, j) => isPaper[j]).sort(), at = (share) => seen[Math.floor(share * (seen.length - 1))];
    const expected = surfaces[c].map((level) => Math.min(Math.max(level, at(0.01)), at(0.99)));
    const own = expected.map((level, j) => (bare[j] ? planes[c][j] : plane[j]) / level);
    const smooth = spread(own.map((value, j) => value * weights[j]), weights, width);
    return smooth.map((value, j) => Math.min(Math.max((expected[j] * value) / 255, 1 / 255), 1));
  });
  return { paper, bare };
}

const meansIn = (plane, areas, sizes) => {
  const sums = new Float64Array(sizes.length);
  areas.forEach((area, j) => { sums[area] += plane[j]; });
  return sums.map((sum, area) => sum / Math.max(sizes[area], 1));
};

/** The quadratic surface through the cells that are `known`. */
function quadratic(plane, known, width, height) {
  const across = (n, size) => (size > 1 ? (2 * n) / (size - 1) - 1 : -1);
  const terms = (j) => {
    const x = across(j % width, width), y = across(Math.floor(j / width), height);
    return [1, x, y, x * x, x * y, y * y];
  };
  const ridge = (i, k) => (i === k && i > 0 ? 1e-3 * known.length : 0);
  const rows = Array.from({ length: 6 }, (_, i) => Array.from({ length: 7 }, (_, k) => ridge(i, k)));
  for (const j of known) {
    const own = terms(j), all = [...own, plane[j]];
    for (let i = 0; i < 6; i++) for (let k = 0; k < 7; k++) rows[i][k] += own[i] * all[k];
  }
  for (let i = 0; i < 6; i++) // Gauss-Jordan; the matrix is positive definite
    for (let k = 0; k < 6; k++) {
      if (k === i) continue;
      const factor = rows[k][i] / rows[i][i];
      for (let n = i; n < 7; n++) rows[k][n] -= factor * rows[i][n];
    }
  const factors = rows.map((row, i) => row[6] / row[i]);
  return Float32Array.from(plane, (_, j) => Math.max(16, terms(j).reduce((sum, term, i) => sum + factors[i] * term, 0)));
}

/** Values times weights, and weights, to smooth values; where the weights are 0, from coarse to fine. */
function spread(values, weights, width) {
  const sum = (plane, wide) => joined(plane, wide, (a, b, c) => a + b + c);
  const total = sum(weights, width), smooth = sum(values, width).map((value, j) => value / Math.max(total[j], 1e-6));
  const height = values.length / width;
  if (Math.min(width, height) < 2 || total.every((weight) => weight > ENOUGH)) return smooth;
  const wide = Math.ceil(width / 2), cell = (j) => Math.floor(Math.floor(j / width) / 2) * wide + Math.floor((j % width) / 2);
  const halved = (plane) => {
    const made = new Float32Array(wide * Math.ceil(height / 2));
    plane.forEach((value, j) => { made[cell(j)] += value / 4; });
    return made;
  };
  const coarse = spread(halved(values), halved(weights), wide);
  const around = sum(smooth.map((_, j) => coarse[cell(j)]), width);
  return smooth.map((value, j) => (total[j] > ENOUGH ? value : around[j] / 9));
}

/** How much darker than its paper the picture is where nothing is drawn, of 1. */
function noiseOf({ width, height, data }, grid, { paper, bare }) {
  const at = paper.map((plane) => between(plane, grid)), off = [], largest = [];
  const lattice = (size) => new Set(Array.from({ length: SAMPLE }, (_, i) => Math.trunc((i * (size - 1)) / (SAMPLE - 1))));
  for (const y of lattice(height))
    for (const x of lattice(width)) {
      if (!bare[Math.floor(y / grid.cell) * grid.width + Math.floor(x / grid.cell)]) continue;
      const own = at.map((of, c) => 1 - data[(c * height + y) * width + x] / 255 / of(x, y));
      off.push(...own.map(Math.abs));
      largest.push(Math.max(...own));
    }
  if (off.length === 0) return 0;
  const spread = 3 * 1.48 * median(Float64Array.from(off)), sorted = Float64Array.from(largest).sort();
  const most = sorted[Math.floor(0.997 * (sorted.length - 1))] + 0.5 / 255;
  return Math.min(Math.max(Math.min(spread + UNEVEN, Math.max(spread, most)), LEAST_NOISE), MOST_NOISE);
}

/** A function that interpolates between the cells of a plane, at a pixel. */
function between(plane, { width, height, cell }) {
  const place = (pixel, count) => {
    const at = Math.min(Math.max((pixel + 0.5) / cell - 0.5, 0), count - 1);
    const before = Math.min(Math.floor(at), Math.max(count - 2, 0));
    return [before, Math.min(before + 1, count - 1), at - before];
  };
  return (x, y) => {
    const [left, right, over] = place(x, width), [top, bottom, down] = place(y, height);
    const row = (v) => plane[v * width + left] * (1 - over) + plane[v * width + right] * over;
    return row(top) * (1 - down) + row(bottom) * down;
  };
}
