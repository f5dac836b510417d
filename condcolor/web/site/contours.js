// Outlines of areas as smooth closed curves, in the words of SVG: traced between pixels, then thinned and rounded.

const TOLERANCE = 0.12; // pixels that a curve may be off the traced outline
const LEAST = 1.5; // square pixels; a smaller outline is a speck
const CORNER = Math.cos((70 * Math.PI) / 180); // a sharper turn stays a corner

/**
 * The path (the `d` of SVG) around all pixels whose level is above a half; holes turn the other way.
 *
 * level: a function of a pixel's number, 0 to 1. Outlines run where a linear interpolation between the middles of pixels
 * is a half (marching squares); beyond the picture everything is as at its border if `goesOn`, else 0.
 */
export function pathAround(level, width, height, tolerance = TOLERANCE) {
  return closedLines(level, width, height)
    .filter((line) => Math.abs(areaOf(line)) >= LEAST)
    .map((line) => curve(thinned(line, tolerance)))
    .join("");
}

/** Closed lines of points [x, y], the level above a half on their left. */
function closedLines(level, width, height) {
  const wide = width + 2; // with a rim of 0 around
  const at = (x, y) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : level(y * width + x));
  // between two pixels an outline crosses an edge of the grid of their middles: 2 edges belong to each pixel of the rim, too
  const edge = (x, y, down) => 2 * ((y + 1) * wide + x + 1) + down;
  const next = new Map(), places = new Map();
  const cross = (x, y, down) => {
    const number = edge(x, y, down);
    if (!places.has(number)) {
      const [a, b] = [at(x, y), down ? at(x, y + 1) : at(x + 1, y)], along = (0.5 - a) / (b - a);
      const inside = (value, size) => Math.min(Math.max(value, 0), size); // the rim lies beyond the border
      places.set(number, [inside(x + 0.5 + (down ? 0 : along), width), inside(y + 0.5 + (down ? along : 0), height)]);
    }
    return number;
  };
  for (let y = -1; y < height; y++) {
    let left = Number(at(-1, y) > 0.5) + 2 * Number(at(-1, y + 1) > 0.5);
    for (let x = -1; x < width; x++) {
      const right = Number(at(x + 1, y) > 0.5) + 2 * Number(at(x + 1, y + 1) > 0.5);
      const kind = left + 4 * right; // bits: top left, bottom left, top right, bottom right
      left = right;
      if (kind === 0 || kind === 15) continue;
      const sides = { T: () => cross(x, y, 0), B: () => cross(x, y + 1, 0), L: () => cross(x, y, 1), R: () => cross(x + 1, y, 1) };
      const middle = (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4 > 0.5;
      for (const [from, to] of ways(kind, middle)) next.set(sides[from](), sides[to]());
    }
  }
  const lines = [];
  for (const start of [...next.keys()]) {
    if (!next.has(start)) continue;
    const line = [];
    for (let now = start; next.has(now); ) {
      line.push(places.get(now));
      const after = next.get(now);
      next.delete(now);
      now = after;
    }
    lines.push(line);
  }
  return lines;
}

// from side to side of a cell, what is inside on the left; by its corners: 1 top left, 2 bottom left, 4 top right, 8 bottom right
const TABLE = {
  1: ["TL"], 2: ["LB"], 3: ["TB"], 4: ["RT"], 5: ["RL"], 7: ["RB"], 8: ["BR"], 10: ["LR"], 11: ["TR"], 12: ["BT"], 13: ["BL"], 14: ["LT"],
};
function ways(kind, middle) {
  if (kind === 9) return middle ? ["TR", "BL"] : ["TL", "BR"];
  if (kind === 6) return middle ? ["LT", "RB"] : ["LB", "RT"];
  return TABLE[kind];
}

const areaOf = (line) =>
  line.reduce((sum, [x, y], i) => {
    const [u, v] = line[(i + 1) % line.length];
    return sum + (x * v - u * y) / 2;
  }, 0);

/** A closed line with only the points that give it its form (Douglas and Peucker). */
function thinned(line, tolerance) {
  const kept = new Uint8Array(line.length), [x, y] = line[0];
  let far = 0;
  line.forEach(([u, v], i) => {
    if (Math.hypot(u - x, v - y) > Math.hypot(line[far][0] - x, line[far][1] - y)) far = i;
  });
  kept[0] = kept[far] = 1;
  const waiting = [[0, far], [far, line.length]];
  while (waiting.length) {
    const [from, to] = waiting.pop(), [a, b] = [line[from], line[to % line.length]];
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    let most = tolerance, at = -1;
    for (let i = from + 1; i < to; i++) {
      const off = Math.abs((b[0] - a[0]) * (line[i][1] - a[1]) - (b[1] - a[1]) * (line[i][0] - a[0])) / length;
      if (off > most) [most, at] = [off, i];
    }
    if (at < 0) continue;
    kept[at] = 1;
    waiting.push([from, at], [at, to]);
  }
  return line.filter((_, i) => kept[i]);
}

/** A closed line as cubic curves through its points (Catmull and Rom); sharp turns stay corners. */
function curve(points) {
  if (points.length < 3) return "";
  const count = points.length, of = (i) => points[(i + count) % count];
  const between = (a, b) => [b[0] - a[0], b[1] - a[1]], length = ([x, y]) => Math.hypot(x, y) || 1;
  const text = ([x, y]) => `${round(x)} ${round(y)}`;
  const tangents = points.map((point, i) => {
    const [before, after] = [between(of(i - 1), point), between(point, of(i + 1))];
    const turn = (before[0] * after[0] + before[1] * after[1]) / (length(before) * length(after));
    if (turn < CORNER) return [0, 0];
    // the longer side counts more: it is straight, or it would have been divided
    const [one, other] = [length(before), length(after)];
    const way = [before[0] * one + after[0] * other, before[1] * one + after[1] * other], size = length(way);
    return [way[0] / size, way[1] / size];
  });
  const parts = points.map((point, i) => {
    const end = of(i + 1), third = length(between(point, end)) / 3, [one, other] = [tangents[i], tangents[(i + 1) % count]];
    const [a, b] = [[point[0] + one[0] * third, point[1] + one[1] * third], [end[0] - other[0] * third, end[1] - other[1] * third]];
    return one.some(Boolean) || other.some(Boolean) ? `C${text(a)} ${text(b)} ${text(end)}` : `L${text(end)}`;
  });
  return `M${text(points[0])}${parts.join("")}Z`;
}

const round = (value) => Number(value.toFixed(2));
