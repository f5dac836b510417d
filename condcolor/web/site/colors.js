// The colours of each part: swatches, a colour picker and a field; all of them are one choice.

import { $, change, element, hexOf, onChange, state } from "./state.js";

const DEFAULT = "default"; // where nothing is asked of an attribute that has one

/** Make the fields of all attributes; those that have a default are below "More colours". */
export function makeFields() {
  const { schema } = state.config;
  $("attributes").replaceChildren(...schema.filter((each) => !each.default).map(field));
  const more = schema.filter((each) => each.default);
  $("more-attributes").replaceChildren(...more.map(field));
  $("more-colors").hidden = more.length === 0;
  $("more-names").textContent = more.map(({ name }) => name).join(", ");
}

/** What is asked at first: another value for each attribute that needs one. */
export function firstValues(schema) {
  const asked = schema.filter((each) => !each.default);
  return Object.fromEntries(asked.map(({ name, values }, i) => [name, values[(3 + 2 * i) % values.length]]));
}

export function surprise() {
  const level = () => Math.floor(256 * Math.random()).toString(16).padStart(2, "0");
  const names = state.config.schema.filter((each) => !each.default).map(({ name }) => name);
  const values = Object.fromEntries(names.map((name) => [name, `#${level()}${level()}${level()}`]));
  change("surprise", { values: { ...state.values, ...values } });
}

/** What is asked, in words: "hair red, shirt #204080". */
export const described = () => Object.entries(state.values).map((pair) => pair.join(" ")).join(", ");

function field(attribute) {
  const { name, values, palette, default: usual } = attribute, radios = [];
  const radio = (value) => {
    const input = element("input", { type: "radio", name: `attribute ${name}`, value });
    input.addEventListener("change", () => choose(value));
    radios.push(input);
    return input;
  };
  const swatches = values.map((value, i) => {
    const dot = element("span", { className: "dot" });
    dot.style.background = palette?.[i] ?? "#fff";
    const unseen = element("span", { className: "unseen", textContent: value });
    return element("label", { className: "swatch", title: value }, radio(value), dot, unseen);
  });
  const chip = (value) => element("label", { className: "chip" }, radio(value), value);
  const well = element("input", { type: "color", className: "well", title: "Any colour" });
  well.setAttribute("aria-label", `${name}: any colour`);
  const any = element("input", { type: "text", className: "any", placeholder: "any colour", autocomplete: "off", spellcheck: false });
  any.setAttribute("aria-label", `${name}: a colour's code or name`);
  const output = element("output");

  const choose = (value) => {
    const { [name]: _, ...others } = state.values;
    change(`color ${name}`, { values: value === DEFAULT ? others : { ...others, [name]: value } });
  };
  well.addEventListener("input", () => choose(well.value));
  const take = () => {
    const text = any.value.trim(), asked = values.includes(text) ? text : hexOfText(text);
    any.setAttribute("aria-invalid", String(Boolean(text) && !asked));
    if (asked && asked !== state.values[name]) choose(asked);
  };
  any.addEventListener("input", () => /^#[0-9a-f]{6}$/i.test(any.value.trim()) && take());
  any.addEventListener("change", take);

  const mark = () => {
    const asked = state.values[name] ?? DEFAULT, isOwn = asked.startsWith("#");
    for (const each of radios) each.checked = each.value === asked;
    well.classList.toggle("chosen", isOwn);
    well.value = hexOf(attribute, asked === DEFAULT ? usual : asked);
    if (document.activeElement !== any) any.value = isOwn ? asked : "";
    output.textContent = asked === DEFAULT ? usual : asked;
  };
  onChange(mark);
  mark();
  const legend = element("legend", {}, element("span", { textContent: name }), output);
  const chips = [...(usual ? [DEFAULT] : []), ...(usual === "none" ? [] : ["none"])].map(chip);
  const more = element("div", { className: "more" }, well, any, ...chips);
  return element("fieldset", { className: "attribute" }, legend, element("div", { className: "swatches" }, ...swatches), more);
}

/** A colour as CSS has it, as "#rrggbb"; "" for another text, or one that is not opaque. */
function hexOfText(text) {
  if (!CSS.supports("color", text)) return "";
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = text;
  return /^#[0-9a-f]{6}$/.test(context.fillStyle) ? context.fillStyle : "";
}
