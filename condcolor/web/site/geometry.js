// Pictures fitted into a square as condcolor/imaging/geometry.py does it, so that the network sees the same.
// A picture is {width, height, data}: planes, red, green and blue after each other, Uint8Array.

/** Canvas pixels, RGBA and opaque, as planes. */
export function planesOf({ width, height, data }) {
  const count = width * height, planes = new Uint8Array(3 * count);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < 3; c++) planes[c * count + i] = data[4 * i + c];
  return { width, height, data: planes };
}

/** Planes as RGBA. */
export function pixelsOf({ width, height, data }) {
  const count = width * height, pixels = new Uint8ClampedArray(4 * count).fill(255);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = data[c * count + i];
  return pixels;
}

/** The picture in the middle of a square, and where it lies; `fill` null repeats the picture's edge. */
export function letterbox(picture, size, fill) {
  const scale = size / Math.max(picture.width, picture.height);
  const width = Math.max(1, halfEven(picture.width * scale)), height = Math.max(1, halfEven(picture.height * scale));
  const box = { left: Math.floor((size - width) / 2), top: Math.floor((size - height) / 2), width, height };
  const fitted = resize(picture, width, height).data;
  const square = new Uint8Array(3 * size * size).fill(fill ?? 0);
  const clamp = (value, most) => Math.min(Math.max(value, 0), most - 1);
  for (let c = 0, at = 0; c < 3; c++)
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++, at++) {
        const v = clamp(y - box.top, height), u = clamp(x - box.left, width);
        const inside = v === y - box.top && u === x - box.left;
        if (inside || fill === null) square[at] = fitted[(c * height + v) * width + u];
      }
  return { square, box };
}

/** Antialiased, as Pillow resizes: across, then down, with the filter that geometry.py says. */
export function resize(picture, width, height) {
  const whole = picture.width % width === 0 && picture.height % height === 0;
  const smaller = width < picture.width || height < picture.height;
  const filter = whole ? BOX : smaller ? LANCZOS : BICUBIC;
  let { data } = picture;
  if (width !== picture.width) data = along(data, picture.width, width, 1, picture.height * 3, filter);
  if (height !== picture.height) data = along(data, picture.height, height, width, 3, filter);
  return { width, height, data };
}

/** `data [count, from, stride]` -> `[count, to, stride]`. */
function along(data, from, to, stride, count, filter) {
  const made = new Uint8Array(count * to * stride);
  const scale = from / to, wide = Math.max(scale, 1);
  for (let i = 0; i < to; i++) {
    const middle = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(middle - filter.support * wide + 0.5));
    const last = Math.min(from, Math.trunc(middle + filter.support * wide + 0.5));
    const weights = [];
    for (let j = first; j < last; j++) weights.push(filter.weight((j - middle + 0.5) / wide));
    const total = weights.reduce((a, b) => a + b, 0);
    for (let n = 0; n < count; n++)
      for (let s = 0; s < stride; s++) {
        let sum = 0;
        for (let k = 0, at = (n * from + first) * stride + s; k < weights.length; k++, at += stride)
          sum += weights[k] * data[at];
        made[(n * to + i) * stride + s] = Math.min(255, Math.max(0, Math.round(sum / total)));
      }
  }
  return made;
}

const BOX = { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) };
const BICUBIC = {
  support: 2,
  weight(x) {
    x = Math.abs(x);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
  },
};
const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const LANCZOS = { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) };

/** Rounded as Python's round() does. */
export function halfEven(value) {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
