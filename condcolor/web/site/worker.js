// What computes, in a thread of its own, so that the page answers meanwhile. Each message is {id, ask, ...} and is
// answered by {id, answer} or {id, problem}:
//   load  {}                                -> config.json of the folder, once the network is there
//   open  {pixels: ImageData}               -> {labels, part, probability, doubtful, white}, see decideParts; white is the
//                                              drawing on white paper, RGBA, or null where its paper is white already
//   png   {paper, fills}                    -> Blob; paper is "keep" or "white", fills as of paint
//   svg   {paper, parts, partOf}            -> Blob; as of toSvg

import * as ort from "./ort.wasm.min.mjs";
import { letterbox, pixelsOf, planesOf } from "./geometry.js";
import { paint } from "./paint.js";
import { onWhite } from "./paper.js";
import { decideParts, probabilities } from "./parts.js";
import { toSvg } from "./svg.js";

const GZIP = [0x1f, 0x8b]; // the first bytes of a compressed file; some servers send it unpacked

let sketch; // {width, height, labels, light: {keep, white}}
const ready = load();
ready.catch(() => {}); // told to who asks
let turn = Promise.resolve(); // one after the other

const ANSWERS = {
  load: async () => (await ready).config,
  open: ({ pixels }) => open(pixels),
  png: ({ paper, fills }) => png(paper, fills),
  svg: ({ paper, parts, partOf }) => new Blob([toSvg({ ...sketch, light: sketch.light[paper], parts, partOf })], { type: "image/svg+xml" }),
};

onmessage = ({ data }) => {
  turn = turn.then(() => ANSWERS[data.ask](data)).then(
    (answer) => postMessage({ id: data.id, answer }),
    (error) => postMessage({ id: data.id, problem: error.message ?? String(error) }),
  );
};

async function load() {
  const [config, network, wasm] = await Promise.all([
    fetched("config.json").then((answer) => answer.json()),
    unpacked("network.onnx.gz"),
    unpacked("ort-wasm-simd-threaded.wasm.gz"),
  ]);
  ort.env.wasm.numThreads = 1; // more would need a server that isolates the page
  ort.env.wasm.wasmPaths = new URL("./", import.meta.url).href;
  ort.env.wasm.wasmBinary = wasm;
  return { config, session: await ort.InferenceSession.create(network) };
}

async function fetched(name) {
  const answer = await fetch(name);
  if (!answer.ok) throw new Error(`${name} is not there (${answer.status}): put the whole exported folder on the server`);
  return answer;
}

async function unpacked(name) {
  const bytes = new Uint8Array(await (await fetched(name)).arrayBuffer());
  if (!GZIP.every((byte, i) => bytes[i] === byte)) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Find the parts of a drawing, which needs no colours: as condcolor/inference/parts.py finds them. */
async function open(pixels) {
  const { config, session } = await ready;
  const original = planesOf(pixels), drawing = onWhite(original), size = config.image_size;
  const { square, box } = letterbox(drawing, size, config.fill);
  const rgb = new ort.Tensor("uint8", square, [1, 3, size, size]);
  const { output } = await session.run({ rgb, cond: new ort.Tensor("float32", [], [1, 0]) });
  const found = decideParts(drawing, probabilities(cut(output, box), output.dims[1]), box.width);
  const white = drawing === original ? null : pixelsOf(drawing);
  const { width, height, data: keep } = pixels;
  sketch = { width, height, labels: found.labels, light: { keep, white: white ?? keep } };
  return { ...found, white };
}

/** The numbers of a `[1, C, H, W]` tensor that lie in a box. */
function cut({ data, dims: [, channels, high, wide] }, { left, top, width, height }) {
  const part = new data.constructor(channels * height * width);
  for (let row = 0; row < channels * height; row++) {
    const from = (Math.floor(row / height) * high + top + (row % height)) * wide + left;
    part.set(data.subarray(from, from + width), row * width);
  }
  return part;
}

async function png(paper, fills) {
  const { width, height, labels, light } = sketch, painted = new ImageData(width, height);
  paint(light[paper], labels, fills, painted.data);
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(painted, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}
