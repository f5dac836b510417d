// What the page knows, and its history.

export const $ = (id) => document.getElementById(id);
export const NOTHING = -1; // no piece

const STEPS = 50; // of the history
const MERGED = 600; // ms; changes of one kind that follow so quickly are one step, such as of a colour picker

export const state = {
  config: null, // {name, image_size, fill, parts: [{name, fill}], schema}; the first two parts are ground and other
  name: "", // of the picture, without suffix
  size: [0, 0], // of the picture in pixels: width, height
  found: null, // the pieces as they were found: {part, probability, doubtful} of each number
  values: {}, // attribute -> its value, "#rrggbb" or "none"; of optional ones only what was chosen
  given: {}, // piece -> index of the part that a person gave it
  paper: "keep", // or "white"
};

let past = [], future = [], last = { kind: "", at: 0 };
const listeners = []; // called after a change, with its kind

export const onChange = (listener) => listeners.push(listener);

/** Change values, given or paper, as one step of the history; quick changes of the same kind are one. */
export function change(kind, changes) {
  const at = performance.now();
  const merged = kind === last.kind && at - last.at < MERGED && past.length > 0;
  if (!merged) past = [...past, now()].slice(-STEPS);
  future = [];
  last = { kind, at };
  take(changes);
}

export const undo = () => move(() => past, () => future);
export const redo = () => move(() => future, () => past);
export const canUndo = () => past.length > 0;
export const canRedo = () => future.length > 0;

/** For another picture: its pieces are others, the colours stay. */
export function begin(changes) {
  past = [];
  future = [];
  take({ given: {}, paper: "keep", ...changes });
}

const now = () => ({ values: state.values, given: state.given, paper: state.paper });

function move(from, to) {
  const step = from().pop();
  if (!step) return;
  to().push(now());
  last = { kind: "", at: 0 };
  take(step);
}

function take(changes) {
  Object.assign(state, changes);
  for (const listener of listeners) listener();
}

/** The index of a piece's part, as given or as found. */
export const partOf = (piece) => state.given[piece] ?? state.found.part[piece];

/** The colour of a part as "#rrggbb": what is asked for, else its own. */
export function colorOf(part) {
  const { name, fill } = state.config.parts[part];
  const attribute = state.config.schema.find((each) => each.name === name);
  if (!attribute) return fill;
  return hexOf(attribute, state.values[name] ?? attribute.default ?? "none");
}

/** What is asked for an attribute as "#rrggbb". */
export function hexOf({ values, palette }, asked) {
  const at = values.indexOf(asked);
  if (at >= 0) return palette?.[at] ?? "#ffffff";
  return asked.startsWith("#") ? asked : "#ffffff";
}

/** The same as [red, green, blue]. */
export function levelsOf(part) {
  const color = colorOf(part);
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}

/** The fill of each piece: [red, green, blue], one after another. */
export function fills() {
  const levels = state.config.parts.map((_, part) => levelsOf(part));
  return Uint8Array.from({ length: 3 * state.found.part.length }, (_, i) => levels[partOf(Math.floor(i / 3))][i % 3]);
}

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
