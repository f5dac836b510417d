// What the page knows, and small things that every part of it needs.

export const $ = (id) => document.getElementById(id);

export const state = {
  models: [],
  model: null, // one of them
  file: null, // the Blob of the picture
  name: "", // its name without suffix
  id: null, // the server's name for it
  width: 0,
  height: 0,
  values: {}, // model name -> attribute -> what is asked
  vivid: {}, // model name -> factor
  paper: "keep", // or "white"
  hidden: new Set(), // layers
  shape: 0, // counts pictures and models chosen: what came for an older one is not shown
};

export function query({ hidden = false } = {}) {
  const asked = new URLSearchParams({ model: state.model.name });
  if (state.model.vivid !== null) asked.set("vivid", vivid());
  if (state.model.any_color && state.paper !== "keep") asked.set("paper", state.paper);
  for (const [name, value] of Object.entries(values())) asked.append(name, value);
  if (hidden) for (const name of state.hidden) asked.append("hide", name);
  return asked.toString();
}

export const values = () => state.values[state.model.name];
export const vivid = () => state.vivid[state.model.name];

export function element(tag, properties = {}, ...children) {
  const { data, ...own } = properties;
  const made = Object.assign(document.createElement(tag), own);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

export const plain = (text) => text.replace(/[^\w]+/g, "-").replace(/^-+|-+$/g, "");
