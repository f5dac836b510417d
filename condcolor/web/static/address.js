// The address has the model and the colours, so that a reload or a link brings them back.

import { tell } from "./messages.js";
import { onChange } from "./picture.js";
import { personIn, state, values, vivid } from "./state.js";

const SETTLED = 300; // ms without a change; browsers take few addresses a second

let written = "";

// The colours of now, as an address has them after its #.
function encoded() {
  const told = new URLSearchParams({ model: state.model.name });
  if (state.model.vivid !== null) told.set("vivid", vivid());
  if (state.model.any_color && state.paper !== "keep") told.set("paper", state.paper);
  for (const [name, value] of Object.entries(values())) told.append(name, value);
  return told.toString();
}

function write() {
  written = encoded();
  window.history.replaceState(null, "", `#${written}`);
}

// Take model and colours from the address; true where it has any.
export function readAddress(chooseModel) {
  const text = window.location.hash.slice(1);
  if (!text || text === written) return false;
  const told = new URLSearchParams(text);
  const name = told.get("model");
  if (name && !state.models.some((model) => model.name === name)) {
    tell(`The address asks for a model '${name}' that is not here; there are ${state.models.map((each) => each.name).join(", ")}.`);
    return false;
  }
  if (name) chooseModel(name);
  const { model } = state, names = model.attributes.map((attribute) => attribute.name);
  for (const [key, value] of told) {
    const isOwn = names.includes(key) || names.some((each) => key.startsWith(`${each}-`) && personIn(key) > 1);
    if (isOwn) values()[key] = value;
    else if (key === "paper" && ["keep", "white"].includes(value)) state.paper = value;
    else if (key === "vivid" && model.vivid !== null && value >= 0 && value <= 4) state.vivid[model.name] = Number(value);
  }
  return true;
}

// Keep the address; call `apply` around what another one changes.
export function listenToAddress(chooseModel, apply) {
  let settling;
  onChange(() => {
    window.clearTimeout(settling);
    settling = window.setTimeout(write, SETTLED);
  });
  window.addEventListener("hashchange", () => apply(() => readAddress(chooseModel)));
}
