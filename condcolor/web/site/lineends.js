// Ends of lines joined to what they face, as condcolor/imaging/line_ends.py does it, so that gaps are closed.

import { halfEven } from "./geometry.js";
import { joined } from "./grids.js";

const NEAR = 4, END = 0.45, SOLID = 0.4, MOST_ENDS = 600; // told there, as all below
const BRIDGE = 22, AHEAD = 12, BORDER = 28, UPWARD = -0.3, FACING = 0.6, MOST_RADIUS = 60;

/** Open pixels without those of lines drawn from ends to other ends, to the lines ahead, or to the border below. */
export function closeGaps(open, width, usual, scale) {
  const height = open.length / width, closed = open.slice();
  const ends = lineEnds(open, width, Math.max(2, halfEven(NEAR * scale + usual)), Math.max(2 * usual, 1));
  const steps = 2 * Math.floor(Math.max(BRIDGE, AHEAD, BORDER) * scale) + 1;
  const draw = (from, to) => {
    for (let i = 0; i <= steps; i++) {
      const row = halfEven(from.row + ((to.row - from.row) * i) / steps);
      closed[row * width + halfEven(from.column + ((to.column - from.column) * i) / steps)] = 0;
    }
  };
  const facing = new Set();
  ends.forEach((end, i) => {
    for (const other of ends.slice(i + 1)) {
      if (!face(end, other, BRIDGE * scale)) continue;
      draw(end, other);
      facing.add(end).add(other);
    }
  });
  for (const end of ends) {
    if (facing.has(end)) continue;
    const hit = lineAhead(end, open, width, AHEAD * scale);
    if (hit) draw(end, hit);
    else if (isCutOff(end, open, width, scale)) draw(end, { row: height - 1, column: end.column });
  }
  return closed;
}

/** Whether two ends are near each other and point at each other. */
function face(one, other, reach) {
  const dy = other.row - one.row, dx = other.column - one.column, distance = Math.hypot(dy, dx) + 1e-6;
  return distance <= reach && (one.down * dy + one.right * dx) / distance > FACING
    && (-other.down * dy - other.right * dx) / distance > FACING;
}

/** The first pixel of the line ahead of an end, beyond its own. */
function lineAhead({ row, column, down, right }, open, width, reach) {
  const height = open.length / width;
  for (let step = 1, left = false; step <= Math.max(1, Math.floor(reach)); step++) {
    const hit = { row: halfEven(row + down * step), column: halfEven(column + right * step) };
    if (hit.row < 0 || hit.row >= height || hit.column < 0 || hit.column >= width) continue;
    const isOpen = open[hit.row * width + hit.column];
    if (left && !isOpen) return hit;
    if (isOpen) left = true;
  }
  return null;
}

/** Whether an outline, with no other line beside it on one side, ends above the lower border. */
function isCutOff({ row, column, down }, open, width, scale) {
  const line = open.subarray(row * width, (row + 1) * width), near = NEAR * scale;
  const above = open.length / width - 1 - row, first = line.indexOf(0), last = line.lastIndexOf(0);
  const outer = (first < 0 ? 0 : first) >= column - near || (last < 0 ? width - 1 : last) <= column + near;
  return above > near && above <= BORDER * scale && down > UPWARD && outer;
}

/** The ends of lines, where the centre of the ink around lies to one side: {row, column, down, right}. */
function lineEnds(open, width, radius, apart) {
  const height = open.length / width;
  radius = Math.min(radius, MOST_RADIUS);
  const ink = (i) => (open[i] ? 0 : 1);
  const sums = [(i) => ink(i), (i) => ink(i) * Math.floor(i / width), (i) => ink(i) * (i % width)]
    .map((value) => windowSums(value, width, height, radius));
  const lengths = new Float32Array(open.length), most = SOLID * (2 * radius + 1) ** 2, found = [];
  const away = (i) => [Math.floor(i / width) - sums[1](i) / sums[0](i), (i % width) - sums[2](i) / sums[0](i)];
  for (let i = 0; i < open.length; i++) if (!open[i]) lengths[i] = Math.hypot(...away(i));
  const around = joined(joined(lengths, width, Math.max), width, Math.max);
  for (let i = 0; i < open.length; i++) {
    if (open[i] || !(lengths[i] > END * radius) || lengths[i] < around[i] || sums[0](i) >= most) continue;
    const [down, right] = away(i);
    found.push({ row: Math.floor(i / width), column: i % width, down, right, length: lengths[i] });
  }
  const clear = found.sort((a, b) => b.length - a.length).slice(0, MOST_ENDS), ends = [];
  const near = (a, b) => Math.hypot(a.row - b.row, a.column - b.column) < apart;
  clear.forEach((end, i) => { // the corners of one end become one
    if (clear.slice(0, i).some((before) => near(before, end))) return;
    const same = clear.filter((other) => near(other, end));
    const mean = (name) => same.reduce((sum, other) => sum + other[name], 0) / same.length;
    const length = Math.hypot(mean("down"), mean("right"));
    const [row, column] = [halfEven(mean("row")), halfEven(mean("column"))];
    ends.push({ row, column, down: mean("down") / length, right: mean("right") / length });
  });
  return ends;
}

/** A function that tells the sum of `value` over the window around a pixel, 0 beyond the edge. */
function windowSums(value, width, height, radius) {
  const wide = width + 1, table = new Float64Array(wide * (height + 1)); // summed areas
  for (let y = 0; y < height; y++)
    for (let x = 0, row = 0; x < width; x++) {
      row += value(y * width + x);
      table[(y + 1) * wide + x + 1] = table[y * wide + x + 1] + row;
    }
  return (i) => {
    const x = i % width, y = Math.floor(i / width);
    const left = Math.max(0, x - radius), right = Math.min(width, x + radius + 1);
    const top = Math.max(0, y - radius) * wide, bottom = Math.min(height, y + radius + 1) * wide;
    return table[bottom + right] - table[top + right] - table[bottom + left] + table[top + left];
  };
}
