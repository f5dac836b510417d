// An attribute's swatches, colour picker and field; all of them are one choice.

import { remember } from "./history.js";
import { hexOf, namedColor, rememberColor } from "./owncolors.js";
import { change } from "./picture.js";
import { element, personIn, state, values as ofThisModel } from "./state.js";

const DEFAULT = "default"; // what optional attributes have where nothing is asked
const ALIKE = "as all"; // what a person has where nothing is asked of them
const lightListeners = []; // called when another field is meant
const TYPING = 350; // ms without a key that end a colour's name

// The field of an attribute, everyone's, or of one person, from 2.
export function attributeField(attribute, person = 1) {
  const { values, palette, default: usual } = attribute;
  const isOwn = person > 1, unasked = isOwn ? ALIKE : DEFAULT;
  const name = isOwn ? `${attribute.name}-${person}` : attribute.name;
  const label = isOwn ? `${attribute.name} of person ${person}` : name;
  const output = element("output");
  const radios = [];
  const radio = (value) => {
    const input = element("input", { type: "radio", name: `attribute ${name}`, value });
    input.addEventListener("change", () => choose(value));
    radios.push(input);
    return input;
  };
  const swatches = values.map((value, i) => {
    if (!palette[i]) return element("label", { className: "chip" }, radio(value), value);
    const dot = element("span", { className: "dot" });
    dot.style.background = palette[i];
    const unseen = element("span", { className: "unseen", textContent: value });
    return element("label", { className: "swatch", title: value }, radio(value), dot, unseen);
  });
  const left = (value) => element("label", { className: "chip" }, radio(value), value);
  const well = element("input", { type: "color", className: "well", title: "Any colour" });
  well.setAttribute("aria-label", `${label}: any colour`);
  const told = isOwn ? `person ${person}: ${attribute.name}` : name; // in what the server finds wrong
  const any = element("input", { type: "text", className: "any", placeholder: "any colour" });
  Object.assign(any, { autocomplete: "off", spellcheck: false, maxLength: 200 });
  any.setAttribute("aria-label", `${label}: a colour's code or name, or a mix`);

  const mark = () => {
    const asked = ofThisModel()[name] ?? unasked;
    const own = values.includes(asked) || ["none", "keep", DEFAULT, ALIKE].includes(asked);
    for (const each of radios) each.checked = each.value === asked;
    well.classList.toggle("chosen", !own);
    const everyones = ofThisModel()[attribute.name] ?? DEFAULT;
    const meant = asked === ALIKE ? everyones : asked;
    const seen = meant === DEFAULT ? usual : meant;
    const at = values.indexOf(seen);
    well.value = (at >= 0 && palette[at]) || hexOf(seen === "none" ? "white" : seen) || well.value;
    if (document.activeElement !== any) any.value = own ? "" : asked;
    output.textContent = asked === ALIKE ? `as all: ${seen}` : seen;
  };
  const choose = (value) => chooseColor(name, value);
  well.addEventListener("input", () => choose(well.value));
  well.addEventListener("change", () => rememberColor(well.value));
  let typing;
  const take = () => {
    window.clearTimeout(typing);
    const typed = any.value.trim();
    const named = values.includes(typed) ? undefined : namedColor(attribute.name, typed), text = named ?? typed;
    if (!text || text === ofThisModel()[name]) return;
    choose(text);
    if (named) any.value = text;
    if (hexOf(text) && !values.includes(text)) rememberColor(hexOf(text));
  };
  any.addEventListener("input", () => {
    window.clearTimeout(typing);
    if (/^#[0-9a-f]{6}$/i.test(any.value.trim())) take();
    else typing = window.setTimeout(take, TYPING);
  });
  any.addEventListener("keydown", (event) => event.key === "Enter" && take());
  any.addEventListener("blur", take);

  const lefts = [...(isOwn ? [ALIKE] : []), ...(usual ? [DEFAULT] : []), "none", "keep"].map(left);
  const more = element("div", { className: "more" }, well, any, ...lefts);
  const legend = element("legend", {}, element("span", { textContent: attribute.name }), output);
  if (isOwn) legend.prepend(element("span", { className: "unseen", textContent: `Person ${person}: ` }));
  const wrong = element("p", { className: "told problem", role: "alert", id: `told ${name}`.replaceAll(" ", "-"), hidden: true });
  any.setAttribute("aria-describedby", wrong.id);
  const field = element(
    "fieldset",
    { className: "attribute", data: { name, told } },
    legend,
    element("div", { className: "swatches" }, ...swatches),
    more,
    wrong,
  );
  field.addEventListener("focusin", () => light(name));
  field.mark = mark;
  mark();
  return field;
}

// Ask for a colour of an attribute, or of a further person's: `hair-2`.
export function chooseColor(name, value) {
  remember(`color ${name}`);
  if (value === (personIn(name) > 1 ? ALIKE : DEFAULT)) delete ofThisModel()[name];
  else ofThisModel()[name] = value;
  markFields();
  change();
}

// Show which field is meant: that of the part that is chosen in the picture, or the one in use.
export function light(name) {
  state.lit = name;
  for (const field of document.querySelectorAll(".attribute")) field.classList.toggle("lit", field.dataset.name === name);
  for (const listener of lightListeners) listener();
}

export function onLight(listener) {
  lightListeners.push(listener);
}

export function chooseValues(chosen) {
  remember("colors");
  Object.assign(ofThisModel(), chosen);
  markFields();
  change();
}

export function markFields() {
  for (const field of document.querySelectorAll(".attribute")) field.mark();
}

export function randomColor() {
  const level = () => Math.floor(256 * Math.random()).toString(16).padStart(2, "0");
  return `#${level()}${level()}${level()}`;
}
