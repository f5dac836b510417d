// The pieces of a drawing, as condcolor/imaging/pieces.py finds them: areas that its lines enclose, in spite of gaps
// of some width, and solid black areas.

import { halfEven } from "./geometry.js";
import { closing, filled, joined, labelled, median, nearest, roughDistances, sizesOf } from "./grids.js";
import { closeGaps } from "./lineends.js";

const SIDE = 256, LARGEST_SIDE = 1024; // told there, as all below
const LINE_WIDTH = 0.05, LIGHT = Math.fround(0.9), FAINT = 0.5, SPECK = 2, BLACK = 0.25;
const GAP = 12, COMMON_GAP = 7, NARROW = 0.8, NARROW_WIDE = 0.55, SMALLEST = 24;
const THICK = 2, THICKEST_LINE = 13, THINNEST_BLACK = 2.5, SMALLEST_BLACK = 40;
const FINENESS = 8;

/**
 * The piece of each pixel of a drawing {width, height, data}, 0 on lines.
 *
 * Returns {labels, dark}: dark tells for each number whether the piece is a solid black area.
 */
export function findPieces({ width, height, data }) {
  const count = width * height, light = new Float32Array(count), factor = Math.ceil(Math.max(width, height) / LARGEST_SIDE);
  for (let i = 0; i < count; i++) light[i] = (data[i] + data[count + i] + data[2 * count + i]) / 765;
  const small = pooled(light, width, factor, Math.min);
  const around = lightnessAround(small.values, small.width);
  const pieces = piecesOf(small.width, openPixels(small.values, small.width, around));
  if (factor === 1) return pieces;
  return { labels: enlarged(pieces, small.width, light, width, around, factor), dark: pieces.dark };
}

/** The lightness without lines, by a closing that is wider than they are. */
function lightnessAround(light, width) {
  const height = light.length / width, longer = Math.max(width, height);
  const factor = Math.max(1, Math.floor(longer / (2 * SIDE))); // a coarser picture will do
  const small = pooled(light, width, factor, Math.max);
  const reach = halfEven((LINE_WIDTH / 2) * Math.max(small.width, small.values.length / small.width));
  return repeated(closing(small.values, small.width, reach), small.width, factor, width, height);
}

/** Which pixels are on no line, and on no edge between two greys. */
function openPixels(light, width, around) {
  const most = joined(light, width, Math.max), height = light.length / width;
  const least = most.map((level, i) => LIGHT * Math.max(around[i], level)); // rounded to float32, as there: ties are common
  const open = filled(Uint8Array, light.length, (i) => Number(light[i] > least[i] && light[i] > BLACK));
  const ink = (x, y) => Number(x >= 0 && x < width && y >= 0 && y < height && !open[y * width + x]);
  return open.map((is, i) => {
    if (is || light[i] <= FAINT * around[i]) return is;
    const x = i % width, y = Math.floor(i / width);
    let near = 0; // specks of noise are faint and alone
    for (let v = y - 1; v <= y + 1; v++) for (let u = x - 1; u <= x + 1; u++) near += ink(u, v);
    return Number(near <= SPECK);
  });
}

function piecesOf(width, open) {
  const scale = Math.max(width, open.length / width) / SIDE;
  const { radii, usual } = inkRadii(open.map((is) => 1 - is), width);
  const closed = closeGaps(open, width, usual, scale);
  const { labels, count } = openAreas(closed, width, scale);
  growRings(labels, width, placesWhere(open, (is, i) => is && !closed[i]), 2);
  const black = blackAreas(radii, width, usual, scale);
  for (let i = 0; i < labels.length; i++) if (black.labels[i]) labels[i] = black.labels[i] + count;
  return { labels, dark: Uint8Array.from({ length: count + black.count + 1 }, (_, i) => Number(i > count)) };
}

/** Open areas, divided where the opening between two is narrow. */
function openAreas(open, width, scale) {
  const none = { labels: new Int32Array(open.length), count: 0 };
  if (!open.includes(1)) return none;
  const radii = openRadii(open, width), gap = GAP * scale;
  const { basins, count } = findBasins(radii, open, width, gap);
  const peaks = new Float32Array(count), areas = new Float64Array(count);
  basins.forEach((basin, i) => {
    if (!open[i]) return;
    peaks[basin] = Math.max(peaks[basin], radii[i]);
    areas[basin]++;
  });
  const numbers = merged(saddles(basins, radii, open, width, count), peaks, areas, scale);
  const labels = basins.map((basin, i) => (open[i] ? numbers.of[basin] : 0));
  return { labels, count: numbers.count };
}

/** The radius of the largest ball without a line around each pixel; the picture's border is half a line. */
function openRadii(open, width) {
  const height = open.length / width;
  if (!open.includes(0)) return new Float32Array(open.length).fill(Math.max(width, height));
  const { squares } = nearest(open.map((is) => 1 - is), width);
  return filled(Float32Array, squares.length, (i) => {
    const x = i % width, y = Math.floor(i / width), radius = Math.fround(Math.sqrt(squares[i]));
    return Math.min(radius, (radius + Math.min(x + 1, width - x, height - y)) / 2);
  });
}

/** The basin of each open pixel: the peak of the radii that it reaches by steepest ascent; wide areas are one. */
function findBasins(radii, open, width, gap) {
  const count = radii.length, ascent = new Int32Array(count);
  const levels = filled(Int32Array, count, (i) => Math.min(radii[i] * FINENESS, gap * FINENESS + 1));
  for (let i = 0; i < count; i++) {
    let best = i;
    const compare = (j) => {
      if (levels[j] > levels[best] || (levels[j] === levels[best] && j > best)) best = j;
    };
    const x = i % width;
    if (x > 0) compare(i - 1);
    if (x < width - 1) compare(i + 1);
    if (i >= width) compare(i - width);
    if (i + width < count) compare(i + width);
    ascent[i] = best;
  }
  const cores = labelled(radii.map((radius) => Number(radius > gap)), width), first = new Map();
  for (let i = 0; i < count; i++) {
    if (!cores[i]) continue;
    if (!first.has(cores[i])) first.set(cores[i], i);
    ascent[i] = first.get(cores[i]);
  }
  const isPeak = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    if (!open[i]) continue;
    let top = i;
    while (ascent[top] !== top) top = ascent[top];
    for (let j = i, next; j !== top; j = next) {
      next = ascent[j];
      ascent[j] = top;
    }
    isPeak[top] = 1;
  }
  const numbers = new Int32Array(count);
  let peaks = 0;
  for (let i = 0; i < count; i++) if (isPeak[i]) numbers[i] = peaks++;
  return { basins: ascent.map((top, i) => (open[i] ? numbers[top] : 0)), count: peaks };
}

/** Pairs of basins that touch, [one, other, radius of the largest ball that passes], widest first. */
function saddles(basins, radii, open, width, count) {
  const found = new Map();
  const meet = (i, j) => {
    if (!open[i] || !open[j] || basins[i] === basins[j]) return;
    const one = Math.min(basins[i], basins[j]), other = Math.max(basins[i], basins[j]);
    const key = one * count + other, radius = Math.min(radii[i], radii[j]), known = found.get(key);
    // stable: of the same radius, what is met first is first
    if (!known || radius > known.radius) found.set(key, { one, other, radius, order: i + (j > i + 1 ? 0 : basins.length) });
  };
  for (let i = 0; i + width < basins.length; i++) meet(i, i + width);
  for (let i = 0; i < basins.length; i++) if (i % width < width - 1) meet(i, i + 1);
  return [...found.values()].sort((a, b) => b.radius - a.radius || a.order - b.order);
}

/** Merge basins, widest opening first, unless both are so wide that the opening divides them: numbers from 1. */
function merged(pairs, peaks, areas, scale) {
  const parents = Int32Array.from(peaks, (_, i) => i), smallest = SMALLEST * scale ** 2;
  const root = (basin) => {
    while (parents[basin] !== basin) basin = parents[basin] = parents[parents[basin]];
    return basin;
  };
  const join = (one, other) => {
    parents[other] = one;
    peaks[one] = Math.max(peaks[one], peaks[other]);
    areas[one] += areas[other];
  };
  const common = COMMON_GAP * scale, gap = GAP * scale, dividing = [];
  for (const { one, other, radius } of pairs) {
    const share = Math.min(Math.max((radius - common) / (gap - common), 0), 1);
    const least = radius <= gap ? radius / (NARROW + (NARROW_WIDE - NARROW) * share) : Infinity;
    const [a, b] = [root(one), root(other)];
    if (a === b) continue;
    if (Math.min(peaks[a], peaks[b]) > least) dividing.push([a, b]);
    else join(a, b);
  }
  for (const [one, other] of dividing) {
    const [a, b] = [root(one), root(other)];
    if (a !== b && Math.min(areas[a], areas[b]) < smallest) join(a, b);
  }
  const of = new Int32Array(parents.length);
  let count = 0;
  for (let basin = 0; basin < of.length; basin++)
    if (root(basin) === basin && areas[basin] >= smallest) of[basin] = ++count;
  return { of: of.map((_, basin) => of[root(basin)]), count };
}

/** The distance of ink to where there is none, and half the usual width of lines. */
function inkRadii(ink, width) {
  if (!ink.includes(1) || !ink.includes(0)) return { radii: new Float32Array(ink.length), usual: 0 };
  const radii = roughDistances(ink, width), most = joined(radii, width, Math.max);
  const ridge = radii.filter((radius, i) => ink[i] && radius >= most[i]);
  return { radii, usual: median(ridge) };
}

/** The areas of ink that are much thicker than the drawing's lines. */
function blackAreas(radii, width, usual, scale) {
  const limit = Math.min(Math.max(THICK * usual + 0.5, THINNEST_BLACK * scale), THICKEST_LINE * scale);
  const black = labelled(radii.map((radius) => Number(radius > limit)), width);
  // grown back by what the limit took away: a morphological opening
  growRings(black, width, placesWhere(radii, (radius, i) => radius > 0 && !black[i]), halfEven(limit));
  const most = black.reduce((a, b) => Math.max(a, b), 0), numbers = new Int32Array(most + 1);
  let count = 0;
  sizesOf(black, most + 1).forEach((size, number) => {
    if (number && size >= SMALLEST_BLACK * scale ** 2) numbers[number] = ++count;
  });
  return { labels: black.map((number) => numbers[number]), count };
}

/** The labels of a reduced picture at its full size, guided by the lines there. */
function enlarged({ labels, dark }, smallWidth, light, width, around, factor) {
  const height = light.length / width, large = repeated(labels, smallWidth, factor, width, height);
  const level = repeated(around, smallWidth, factor, width, height), missing = [];
  for (let i = 0; i < large.length; i++) {
    const open = light[i] > Math.max(Math.fround(LIGHT * level[i]), BLACK);
    if (open === Boolean(dark[large[i]])) large[i] = 0; // lines lie over areas
    if (open && !large[i]) missing.push(i);
  }
  const rest = growRings(large, width, missing, 2 * factor), near = grown(labels, smallWidth);
  for (const i of rest)
    large[i] = near[Math.floor(i / width / factor) * smallWidth + Math.floor((i % width) / factor)];
  return large;
}

/** Give pixels the label of a labelled neighbour, ring by ring, in place; returns those that have none yet. */
function growRings(labels, width, places, rings) {
  for (let ring = 0; ring < rings && places.length > 0; ring++) {
    const found = filled(Int32Array, places.length, (k) => {
      const i = places[k], x = i % width, left = x > 0 ? labels[i - 1] : 0, right = x < width - 1 ? labels[i + 1] : 0;
      const above = labels[i - width] ?? 0, below = labels[i + width] ?? 0; // beyond the picture there is nothing
      return ring % 2 === 0 ? below || above || right || left : left || right || above || below;
    });
    places.forEach((i, k) => { labels[i] = found[k]; });
    places = places.filter((_, k) => found[k] === 0);
  }
  return places;
}

/** Pieces grown under the lines: each pixel of a line gets the label of the piece that is nearest to it. */
export function grown(labels, width) {
  if (!labels.some((label) => label > 0)) return labels.slice();
  const { places } = nearest(labels.map((label) => Number(label > 0)), width);
  return labels.map((_, i) => labels[places[i]]);
}

function placesWhere(values, holds) {
  const places = [];
  for (let i = 0; i < values.length; i++) if (holds(values[i], i)) places.push(i);
  return places;
}

/** Each block of `factor` x `factor` pixels joined to one. */
function pooled(values, width, factor, join) {
  if (factor === 1) return { values, width };
  const height = values.length / width, across = Math.ceil(width / factor), down = Math.ceil(height / factor);
  const made = new values.constructor(across * down).fill(join === Math.min ? Infinity : -Infinity);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      const j = Math.floor(y / factor) * across + Math.floor(x / factor);
      made[j] = join(made[j], values[i]);
    }
  return { values: made, width: across };
}

/** Each pixel of a small picture as a block of `factor` x `factor`, cut to width and height. */
function repeated(small, smallWidth, factor, width, height) {
  if (factor === 1) return small.slice();
  const made = new small.constructor(width * height);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) made[i] = small[Math.floor(y / factor) * smallWidth + Math.floor(x / factor)];
  return made;
}
