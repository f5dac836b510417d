// What the page knows, and small things that every part of it needs.

export const $ = (id) => document.getElementById(id);

export const state = {
  models: [],
  model: null, // one of them
  picture: null, // the one that is open, as `pictureOf` makes it
  tray: [], // the pictures that are there, in order
  name: "", // of the open one, without suffix
  width: 0,
  height: 0,
  notes: [], // of the server on the picture, and on it as a drawing
  values: {}, // model name -> attribute -> what is asked; of optional ones only what is not their default
  vivid: {}, // model name -> factor
  corrections: {}, // model name -> corrections of the picture's parts, in order: { kind, text, point, part or person }
  hints: {}, // model name -> colours of things at points of a photograph: { x, y, color }, in its pixels
  lit: "", // the attribute whose field is meant, such as hair or hair-2
  brush: null, // the part that was given last, or chosen to be given by dragging
  persons: { count: 0, of: [] }, // of the drawing: how many, and the person of each piece by its number, from 1
  paper: "keep", // or "white"
  hasColors: false, // the picture has colours of its own
  recolor: "no", // or "grey", "all": what is coloured of a photograph that has colours
  hidden: new Set(), // layers
  review: false, // pictures of a folder are gone through
  shape: 0, // counts pictures and models chosen: what came for an older one is not shown
};

// A picture of the tray. send: gives it to the server; the answer has its id, size, notes.
export const pictureOf = ({ name, send, file = null, corrections = {}, hints = {}, recolor = "no", own = {} }) => ({
  name, send, file, corrections, hints, recolor,
  own, // colours of further persons while another picture is open: model name -> name -> value
  histories: {}, // model name -> what is undone and redone
  id: null, // the server's name for it
  about: null, // the server's answer
  sending: null, // promise of it, while the picture is sent
  doubts: null, // how many pieces are in doubt, once that is known
});

export function query({ hidden = false } = {}) {
  const asked = queryOf(state.picture, state.model, state.recolor);
  for (const [name, value] of Object.entries(values())) {
    if (personIn(name) > 1 && personIn(name) <= state.persons.count) asked.append(name, value);
  }
  if (hidden) for (const name of state.hidden) asked.append("hide", name);
  return withCorrections(asked);
}

// What is asked of any picture of the tray by a model: the same colours for all, corrections left out.
export function queryOf(picture, model, recolor = picture.recolor) {
  const asked = new URLSearchParams({ model: model.name });
  if (model.vivid !== null) {
    asked.set("vivid", state.vivid[model.name] ?? model.vivid);
    if (picture.about.has_colors && recolor !== "no") asked.set("recolor", recolor);
  }
  if (model.any_color && state.paper !== "keep") asked.set("paper", state.paper);
  const names = model.attributes.map(({ name }) => name);
  for (const [name, value] of Object.entries(valuesOf(model))) if (names.includes(name)) asked.append(name, value);
  for (const { x, y, color } of picture.hints[model.name] ?? []) asked.append("hint", `${x},${y}=${color}`);
  return asked;
}

// What is asked of a model; at first other values for each attribute.
export function valuesOf({ name, attributes }) {
  state.values[name] ??= Object.fromEntries(
    attributes.filter((each) => !each.default).map(({ name, values }, i) => [name, values[(3 + 2 * i) % values.length]]),
  );
  return state.values[name];
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
