// What condcolor exports beside the network: the metadata_props of a ModelProto, which ONNX Runtime keeps to
// itself. The format is told in condcolor/models/model_folder.py.

const METADATA_PROPS = 14, KEY = 1, VALUE = 2; // fields of onnx.proto
// the graphs of each layout: 1 paints colours, 2 scores the parts of a drawing
const LAYOUTS = { 1: ["encode", "prepare", "paint"], 2: ["encode"] };

/** An exported file's Uint8Array -> {about, config, graphs: {encode, and of layout 1 prepare, paint: Uint8Array}}. */
export function readExported(bytes) {
  const properties = new Map();
  for (const [number, content] of fields(bytes)) {
    if (number !== METADATA_PROPS) continue;
    const pair = new Map([...fields(content)].map(([n, text]) => [n, new TextDecoder().decode(text)]));
    properties.set(pair.get(KEY), pair.get(VALUE));
  }
  if (!properties.has("condcolor.onnx"))
    throw new Error("not a model that condcolor exported: make one with condcolor export MODEL --onnx FILE");
  const about = JSON.parse(properties.get("condcolor.onnx"));
  if (!(about.format in LAYOUTS))
    throw new Error(`the model's layout ${about.format} is none that this page reads (${Object.keys(LAYOUTS).join(", ")})`);
  const graphs = LAYOUTS[about.format].map((name) => [name, fromBase64(properties.get(`condcolor.${name}`))]);
  return { about, config: JSON.parse(properties.get("condcolor.config")), graphs: Object.fromEntries(graphs) };
}

/** Number and content of each field that has one (wire type 2); the others are passed over. */
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) { // no shifts: they end at 32 bits
      if (at >= bytes.length) throw new Error("the model is damaged: export it again");
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = key % 8;
    if (wire === 0) { varint(); continue; }
    const length = wire === 2 ? varint() : { 1: 8, 5: 4 }[wire];
    if (!(at + length <= bytes.length)) throw new Error("the model is damaged: export it again");
    if (wire === 2) yield [Math.floor(key / 8), bytes.subarray(at, at + length)];
    at += length;
  }
}

const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
