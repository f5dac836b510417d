// What the page knows, and small things that every part of it needs.

export const $ = (id) => document.getElementById(id);

export const state = {
  models: [],
  model: null, // one of them
  again: null, // sends the picture again, or has it opened again; the answer has its new id
  name: "", // its name without suffix
  id: null, // the server's name for it
  width: 0,
  height: 0,
  notes: [], // of the server on the picture, and on it as a drawing
  values: {}, // model name -> attribute -> what is asked; of optional ones only what is not their default
  vivid: {}, // model name -> factor
  corrections: {}, // model name -> corrections of the picture's parts, in order: { kind, text, point, part or person }
  hints: {}, // model name -> colours of things at points of a photograph: { x, y, color }, in its pixels
  brush: null, // the part that was given last, or chosen to be given by dragging
  persons: { count: 0, of: [] }, // of the drawing: how many, and the person of each piece by its number, from 1
  paper: "keep", // or "white"
  hasColors: false, // the picture has colours of its own
  recolor: "no", // or "grey", "all": what is coloured of a photograph that has colours
  hidden: new Set(), // layers
  review: false, // pictures of a folder are gone through
  shape: 0, // counts pictures and models chosen: what came for an older one is not shown
};

export function query({ hidden = false } = {}) {
  const asked = new URLSearchParams({ model: state.model.name });
  if (state.model.vivid !== null) asked.set("vivid", vivid());
  if (recolorable() && state.recolor !== "no") asked.set("recolor", state.recolor);
  if (state.model.any_color && state.paper !== "keep") asked.set("paper", state.paper);
  for (const [name, value] of Object.entries(values())) {
    if (personIn(name) <= Math.max(1, state.persons.count)) asked.append(name, value);
  }
  for (const { x, y, color } of hints()) asked.append("hint", `${x},${y}=${color}`);
  if (hidden) for (const name of state.hidden) asked.append("hide", name);
  return withCorrections(asked);
}

// Their texts need no escaping, which would double their length.
export function withCorrections(asked, list = corrections()) {
  return [asked.toString(), ...list.map(({ kind, text }) => `${kind}=${text}`)].join("&");
}

// The person whose colour a value is: 2 of `hair-2`, and 1 of what is everyone's.
export function personIn(name) {
  const isOwn = state.model.attributes.some((attribute) => attribute.name === name);
  return isOwn ? 1 : Number(name.slice(name.lastIndexOf("-") + 1));
}

export const ofModel = () => new URLSearchParams({ model: state.model.name });
export const values = () => state.values[state.model.name];
export const recolorable = () => state.hasColors && state.model.vivid !== null;
export const vivid = () => state.vivid[state.model.name];
export const hints = () => state.hints[state.model.name] ?? [];
export const corrections = () => state.corrections[state.model.name] ?? [];
export const required = () => state.model.attributes.filter((attribute) => !attribute.default);

export function element(tag, properties = {}, ...children) {
  const { data, ...own } = properties;
  const made = Object.assign(document.createElement(tag), own);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

export const plain = (text) => text.replace(/[^\w]+/g, "-").replace(/^-+|-+$/g, "");

export function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
