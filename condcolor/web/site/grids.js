// Operations on pictures of one number a pixel, flat arrays in rows of `width`: windows, areas, distances.

/** A typed array of `count` values, each made of its place; several times as fast as `Type.from`. */
export function filled(Type, count, value) {
  const values = new Type(count);
  for (let i = 0; i < count; i++) values[i] = value(i);
  return values;
}

/** Each value joined with its eight neighbours; beyond the edge is what is at the edge. */
export function joined(values, width, join) {
  if (join === Math.max || join === Math.min) return extremes(values, width, 1, join === Math.max);
  const across = values.slice(), made = values.slice(), count = values.length;
  for (let i = 0, x = 0; i < count; i++, x = x + 1 === width ? 0 : x + 1)
    across[i] = join(values[x > 0 ? i - 1 : i], values[i], values[x < width - 1 ? i + 1 : i]);
  for (let i = 0; i < count; i++)
    made[i] = join(across[i >= width ? i - width : i], across[i], across[i + width < count ? i + width : i]);
  return made;
}

/** The largest or smallest value of the square of 2 * `reach` + 1 pixels a side around each, as far as it is there. */
export function extremes(values, width, reach, isLargest) {
  const made = values.slice(), height = values.length / width, length = 2 * reach + 1;
  const line = new Float64Array(Math.max(width, height) + 2 * reach);
  const pass = (start, step, count) => {
    const end = count + 2 * reach;
    for (let i = 0; i < end; i++) line[i] = made[start + step * Math.min(Math.max(i - reach, 0), count - 1)];
    let known = 1; // values that each place stands for, its own first
    for (; 2 * known <= length; known *= 2)
      for (let i = 0; i + known < end; i++) {
        const other = line[i + known];
        if (isLargest ? other > line[i] : other < line[i]) line[i] = other;
      }
    for (let i = 0, at = start; i < count; i++, at += step) {
      const first = line[i], last = line[i + length - known];
      made[at] = (isLargest ? first > last : first < last) ? first : last;
    }
  };
  for (let y = 0; y < height; y++) pass(y * width, 1, width);
  for (let x = 0; x < width; x++) pass(x, width, height);
  return made;
}

/** The grey closing by a square of 2 * `reach` + 1 pixels a side: dark structures thinner than it are gone. */
export const closing = (values, width, reach) => extremes(extremes(values, width, reach, true), width, reach, false);

/** Numbers from 1 for what is connected by its sides, in the order of the first pixels; 0 elsewhere. */
export function labelled(open, width) {
  const numbers = new Int32Array(open.length), waiting = [];
  const visit = (i, number) => {
    if (!open[i] || numbers[i]) return;
    numbers[i] = number;
    waiting.push(i);
  };
  for (let start = 0, number = 1; start < open.length; start++) {
    visit(start, number);
    if (waiting.length === 0) continue;
    while (waiting.length > 0) {
      const i = waiting.pop(), x = i % width;
      if (x > 0) visit(i - 1, number);
      if (x < width - 1) visit(i + 1, number);
      if (i >= width) visit(i - width, number);
      if (i + width < open.length) visit(i + width, number);
    }
    number++;
  }
  return numbers;
}

/** How many pixels have each number from 0 to `count` - 1. */
export function sizesOf(numbers, count) {
  const sizes = new Int32Array(count);
  for (const number of numbers) sizes[number]++;
  return sizes;
}

/**
 * The nearest pixel of those that `goal` has, for every pixel, and the square of its distance.
 *
 * Exact: Felzenszwalb and Huttenlocher 2012, "Distance transforms of sampled functions". Infinite without goals.
 */
export function nearest(goal, width) {
  const height = goal.length / width, places = new Int32Array(goal.length).fill(-1);
  const squares = new Float64Array(goal.length).fill(Infinity);
  const rows = new Int32Array(goal.length).fill(-1); // of the nearest goal in the same column
  for (let x = 0; x < width; x++) {
    for (let y = 0, last = -1; y < height; y++) {
      if (goal[y * width + x]) last = y;
      rows[y * width + x] = last;
    }
    for (let y = height - 1, next = -1; y >= 0; y--) {
      const i = y * width + x;
      if (goal[i]) next = y;
      if (next >= 0 && (rows[i] < 0 || next - y < y - rows[i])) rows[i] = next;
    }
  }
  const vertices = new Int32Array(width), starts = new Float64Array(width + 1);
  for (let y = 0, at = 0; y < height; y++, at += width) {
    const depth = (x) => (y - rows[at + x]) ** 2;
    let last = -1; // of the parabolas whose lowest parts are the distance
    for (let x = 0; x < width; x++) {
      if (rows[at + x] < 0) continue;
      let start = -Infinity;
      while (last >= 0) {
        const v = vertices[last];
        start = (depth(x) + x * x - depth(v) - v * v) / (2 * (x - v));
        if (start > starts[last]) break;
        last--;
        start = -Infinity;
      }
      vertices[++last] = x;
      starts[last] = start;
    }
    if (last < 0) continue;
    starts[last + 1] = Infinity;
    for (let x = 0, k = 0; x < width; x++) {
      while (starts[k + 1] < x) k++;
      const v = vertices[k];
      squares[at + x] = (x - v) ** 2 + depth(v);
      places[at + x] = rows[at + v] * width + v;
    }
  }
  return { squares, places };
}

/** The distance of every pixel to where `inside` is 0: the mean of the taxicab and the chessboard metric. */
export function roughDistances(inside, width) {
  const far = 2 ** 20, count = inside.length;
  const taxicab = filled(Float32Array, count, (i) => (inside[i] ? far : 0)), chessboard = taxicab.slice();
  const lower = (distances, i, j) => {
    if (distances[j] + 1 < distances[i]) distances[i] = distances[j] + 1;
  };
  for (const [first, end, step] of [[0, count, 1], [count - 1, -1, -1]])
    for (let i = first; i !== end; i += step) {
      const x = i % width, before = step > 0 ? x > 0 : x < width - 1, after = step > 0 ? x < width - 1 : x > 0;
      const above = i - step * width;
      if (before) for (const distances of [taxicab, chessboard]) lower(distances, i, i - step);
      if (above < 0 || above >= count) continue;
      for (const distances of [taxicab, chessboard]) lower(distances, i, above);
      if (before) lower(chessboard, i, above - step);
      if (after) lower(chessboard, i, above + step);
    }
  return taxicab.map((distance, i) => (distance + chessboard[i]) / 2);
}

/** The middle of values, sorted in their place. */
export function median(values) {
  values.sort();
  const half = values.length >> 1;
  return values.length % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}
