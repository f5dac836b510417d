// The part of each piece of a drawing, as condcolor/imaging/piece_parts.py decides it, and how sure that is.

import { extremes, filled, labelled, nearest, sizesOf } from "./grids.js";
import { findPieces, grown } from "./pieces.js";

const SHARPNESS = 8; // as in condcolor/conditions/parts.py
const SURE = 0.8, SPLIT_SHARE = 0.15, SPLIT_AREA = 0.02, LEAST_SPLIT = 0.002; // as told there
const REACH = 2, LINED = 0.2; // there, too: NEAR is the window of this reach
const DOUBTFUL = 0.2, LEAST_DOUBT = 0.001; // there, too

/** Scores [K, high * wide] in [-1, 1] as an array of K planes of probabilities. */
export function probabilities(scores, count) {
  const size = scores.length / count;
  const planes = Array.from({ length: count }, (_, k) => scores.slice(k * size, (k + 1) * size));
  for (let i = 0; i < size; i++) {
    const most = planes.reduce((score, plane) => Math.max(score, plane[i]), -Infinity);
    let total = 0;
    for (const plane of planes) total += plane[i] = Math.exp(SHARPNESS * (plane[i] - most));
    for (const plane of planes) plane[i] /= total;
  }
  return planes;
}

/**
 * The pieces of a drawing {width, height, data}, and the part of each; `planes` are the probabilities, in rows of `wide`.
 *
 * Returns {labels, part, probability, doubtful}: the number of each pixel's piece, and of each piece the index of its
 * part, that part's probability, and whether another part is nearly as probable.
 */
export function decideParts(drawing, planes, wide) {
  const { width, height } = drawing, high = planes[0].length / wide;
  const across = Int32Array.from({ length: width }, (_, x) => Math.floor((x * wide) / width));
  const cell = (i) => Math.floor((Math.floor(i / width) * high) / height) * wide + across[i % width];
  const { labels, dark } = divided(findPieces(drawing), width, planes, wide, cell);
  const step = Math.max(1, Math.floor(Math.min(Math.floor(width / wide), Math.floor(height / high)) / 2));
  const isSampled = (i) => i % width % step === step >> 1 && Math.floor(i / width) % step === step >> 1;
  const sums = planes.map(() => new Float64Array(dark.length)), counts = new Int32Array(dark.length);
  const count = (label, i) => {
    const j = cell(i);
    for (let k = 0; k < planes.length; k++) sums[k][label] += planes[k][j];
    counts[label]++;
  };
  labels.forEach((label, i) => isSampled(i) && count(label, i));
  const isMissed = counts.map((n) => Number(n === 0)); // it is too small for the sample
  labels.forEach((label, i) => isMissed[label] && count(label, i));
  const sizes = sizesOf(labels, dark.length), least = LEAST_DOUBT * labels.length;
  const part = Uint8Array.from(dark, (_, label) => largest(sums, label));
  const share = (k, label) => sums[k][label] / Math.max(counts[label], 1);
  const probability = Float32Array.from(part, (k, label) => share(k, label));
  const doubtful = Uint8Array.from(part, (own, label) => {
    const second = sums.reduce((most, _, k) => (k === own ? most : Math.max(most, share(k, label))), 0);
    return Number(label > 0 && sizes[label] >= least && probability[label] - second < DOUBTFUL);
  });
  return { labels: grown(labels, width), part, probability, doubtful };
}

/** Pieces divided in which large connected areas are sure of different parts. */
function divided({ labels, dark }, width, planes, wide, cell) {
  const count = planes[0].length, high = count / wide, height = labels.length / width;
  const sure = filled(Uint8Array, count, (j) => {
    const k = largest(planes, j);
    return planes[k][j] > SURE ? k + 1 : 0;
  });
  const middle = (i, full, small) => Math.floor(((2 * i + 1) * full) / (2 * small));
  const coarse = filled(Int32Array, count, (j) =>
    labels[middle(Math.floor(j / wide), height, high) * width + middle(j % wide, width, wide)]);
  const seen = Array.from(dark, () => new Int32Array(planes.length + 1));
  coarse.forEach((label, j) => seen[label][sure[j]]++);
  const isNear = extremes(filled(Uint8Array, count, (j) => Number(coarse[j] === 0)), wide, REACH, true);
  const made = labels.slice();
  let last = dark.length - 1;
  seen.forEach((sizes, label) => {
    const total = sizes.reduce((a, b) => a + b, 0);
    const least = Math.max(Math.min(SPLIT_SHARE * total, SPLIT_AREA * count), LEAST_SPLIT * count);
    if (label === 0 || dark[label] || sizes.filter((size, k) => k > 0 && size >= least).length < 2) return;
    const seeds = sureAreas(sure.map((part, j) => (coarse[j] === label ? part : 0)), wide, least, isNear);
    if (!seeds) return;
    const { places } = nearest(seeds.map((seed) => Number(seed > 0)), wide);
    labels.forEach((own, i) => { if (own === label) made[i] = seeds[places[cell(i)]] + last; });
    last += seeds.reduce((a, b) => Math.max(a, b), 0);
  });
  return { labels: made, dark: Uint8Array.from({ length: last + 1 }, (_, label) => dark[label] ?? 0) };
}

/** The large connected areas of one part each that lines touch, numbered from 1; null if all are of the same part. */
function sureAreas(sure, wide, least, isNear) {
  const seeds = new Int32Array(sure.length), high = sure.length / wide;
  const largestPart = Math.max(...sizesOf(sure, sure.reduce((a, b) => Math.max(a, b), 0) + 1).slice(1));
  let count = 0, parts = 0;
  for (const part of [...new Set(sure)].sort((a, b) => a - b)) {
    if (part === 0) continue;
    const areas = labelled(sure.map((own) => Number(own === part)), wide);
    const sizes = sizesOf(areas, areas.reduce((a, b) => Math.max(a, b), 0) + 1), before = count;
    const rims = new Int32Array(sizes.length), lined = new Int32Array(sizes.length);
    areas.forEach((area, j) => {
      if (area === 0 || !around(j, wide, high, 1).some((at) => areas[at] < area)) return;
      rims[area]++;
      lined[area] += isNear[j];
    });
    const isDrawn = (size, area) => lined[area] >= LINED * rims[area] || size > largestPart / 2;
    const numbers = sizes.map((size, area) => (area > 0 && size >= least && isDrawn(size, area) ? ++count : 0));
    areas.forEach((area, i) => { if (numbers[area]) seeds[i] = numbers[area]; });
    if (count > before) parts++;
  }
  return parts > 1 ? seeds : null;
}

/** The places within `reach` of a place, in rows of `wide`. */
function around(at, wide, high, reach) {
  const x = at % wide, y = Math.floor(at / wide), found = [];
  for (let v = Math.max(0, y - reach); v <= Math.min(high - 1, y + reach); v++) {
    for (let u = Math.max(0, x - reach); u <= Math.min(wide - 1, x + reach); u++) found.push(v * wide + u);
  }
  return found;
}

/** The plane that has the largest value at a place; the first of equal ones. */
function largest(planes, at) {
  let best = 0;
  for (let k = 1; k < planes.length; k++) if (planes[k][at] > planes[best][at]) best = k;
  return best;
}
