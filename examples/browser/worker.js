// The model, in a thread of its own, so that the page answers while it computes.
//   in   {values, name, picture}   index of each attribute's value; a new sketch, opaque ImageData, or none
//   out  {schema}                  once, when it is loaded
//        {painted, values, name, seconds} or {problem}, for each that came in

import * as ort from "./vendor/ort.wasm.min.mjs";
import { evenFills, findPieces } from "./fills.js";
import { letterbox, planesOf } from "./geometry.js";
import { readExported } from "./onnxfile.js";
import { onWhite } from "./paper.js";
import { colored, decideParts, fillsOf, probabilities } from "./parts.js";

ort.env.wasm.numThreads = 1; // more would need a server that isolates the page
ort.env.wasm.wasmPaths = new URL("vendor/", import.meta.url).href;

const BAND_PIXELS = 2 ** 18, REACH = 3; // as in condcolor/imaging/geometry.py
let sketch; // {original, source, box, pieces}, or {original, parts} where the model scores parts

const ready = load();
let turn = ready; // one after the other
onmessage = ({ data }) => {
  turn = turn.then(() => answer(data)).catch(tell);
};
ready.then(({ config }) => postMessage({ schema: config.schema }), tell);

function tell(error) {
  postMessage({ problem: error.message ?? String(error) });
}

async function load() {
  const answer = await fetch("model.onnx");
  if (!answer.ok) throw new Error("model.onnx is not there: run ./setup.sh, and open the page again");
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const { about, config, graphs: inside } = readExported(bytes);
  const graphs = { network: await ort.InferenceSession.create(bytes) };
  for (const [name, graph] of Object.entries(inside)) graphs[name] = await ort.InferenceSession.create(graph);
  return { about, config, graphs };
}

async function answer({ values, name, picture }) {
  const started = performance.now();
  if (picture) await take(picture);
  if (!sketch) throw new Error("choose another sketch");
  const painted = await paint(values);
  postMessage({ painted, values, name, seconds: (performance.now() - started) / 1000 });
}

async function take(picture) {
  sketch = undefined; // should it fail, the one before is not shown for it
  const { about, config } = await ready, original = planesOf(picture), size = config.image_size;
  if (about.parts) {
    sketch = { original, parts: await findParts(original) };
    return;
  }
  const { square, source, box } = await seen(original);
  const pieces = config.training?.config?.compose ? findPieces(square, size) : []; // as learnt_flat_fills says
  sketch = { original, source, box, pieces };
}

/** What the network sees of a picture. */
async function seen(picture) {
  const { about, config: { image_size: size }, graphs } = await ready;
  const { square, box } = letterbox(picture, size, about.fill);
  const { source } = await graphs.encode.run({ rgb: new ort.Tensor("uint8", square, [1, 3, size, size]) });
  return { square, source, box };
}

/** The part of each pixel of a picture, which needs no colours: as condcolor/inference/parts.py finds them. */
async function findParts(original) {
  const { graphs } = await ready, drawing = onWhite(original);
  const { source, box } = await seen(drawing);
  const { output } = await graphs.network.run({ source, cond: new ort.Tensor("float32", [], [1, 0]) });
  const scores = cut(output, box);
  return decideParts(drawing, probabilities(scores.data, scores.dims[1]), box.width);
}

async function paint(values) {
  const { about, config, graphs } = await ready;
  if (about.parts) {
    const asked = config.schema.map(({ name, palette }, i) => [name, palette[values[i]]]);
    return colored(sketch.original, sketch.parts, fillsOf(about.parts, Object.fromEntries(asked)));
  }
  const { original, source, box, pieces } = sketch, { width, height } = original;
  const cond = config.schema.flatMap((attribute, i) => attribute.values.map((_, j) => Number(values[i] === j)));
  const planes = new ort.Tensor("float32", Float32Array.from(cond), [1, cond.length]);
  const { output } = await graphs.network.run({ source, cond: planes });
  evenFills(pieces, output.data, config.image_size);

  // at the picture's own size, in bands, as condcolor.imaging.geometry.paint_bands does
  const given = { original: tensor(original, 0, height), output: cut(output, box) };
  const { near } = await graphs.prepare.run(given);
  const low = near.dims[2], painted = new ImageData(width, height);
  const step = Math.max(1, Math.floor(BAND_PIXELS / width));
  for (let top = 0; top < height; top += step) {
    const end = Math.min(top + step, height);
    const first = Math.max(0, Math.floor((top * low) / height) - REACH);
    const last = Math.min(low, Math.floor((end * low) / height) + REACH + 1);
    const place = Float32Array.from({ length: end - top }, (_, i) => (top + i + 0.5) * (low / height) - 0.5 - first);
    const given = {
      rows: tensor(original, top, end),
      near: cut(near, { left: 0, top: first, width, height: last - first }),
      place: new ort.Tensor("float32", place, [end - top]),
    };
    if (graphs.paint.inputNames.includes("vivid"))
      given.vivid = new ort.Tensor("float32", Float32Array.of(config.vivid ?? 1), []);
    const { picture } = await graphs.paint.run(given);
    for (let i = 0, at = 4 * top * width; i < picture.data.length; i += 3, at += 4) {
      painted.data.set(picture.data.subarray(i, i + 3), at);
      painted.data[at + 3] = 255;
    }
  }
  return painted;
}

/** Rows of a picture, `[1, 3, end - top, width]` uint8. */
function tensor({ width, height, data }, top, end) {
  const whole = new ort.Tensor("uint8", data, [1, 3, height, width]);
  return cut(whole, { left: 0, top, width, height: end - top });
}

/** The part of a `[1, C, H, W]` tensor that a box tells. */
function cut({ type, data, dims: [, channels, high, wide] }, { left, top, width, height }) {
  const part = new data.constructor(channels * height * width);
  for (let row = 0; row < channels * height; row++) {
    const from = (Math.floor(row / height) * high + top + (row % height)) * wide + left;
    part.set(data.subarray(from, from + width), row * width);
  }
  return new ort.Tensor(type, part, [1, channels, height, width]);
}
