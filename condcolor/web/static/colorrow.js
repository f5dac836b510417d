// A row of colours for one attribute: its values, the palette's names, the last colours, any other.

import { eyedropper } from "./eyedropper.js";
import { hexOf, namedColors, recentColors, rememberColor } from "./owncolors.js";
import { element } from "./state.js";

const MOST = 6; // recent colours, beside others

// attribute: its values, palette and name. now: what is asked, in words. take: is called with what is chosen.
export function colorRow(attribute, now, take) {
  const { name, values, palette } = attribute;
  const own = namedColors(name);
  const known = [...palette, ...own.map(([, hex]) => hex)];
  const recent = recentColors().filter((hex) => !known.includes(hex)).slice(0, MOST);
  const choices = [
    ...values.map((value, i) => [value, palette[i], value]).filter(([, color]) => color),
    ...own.map(([word, hex]) => [word, hex, hex]),
    ...recent.map((hex) => [hex, hex, hex]),
  ];
  const row = element("div", { className: "swatches paint" });
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", `Colour of ${name}`);
  const mark = (asked) => {
    for (const button of row.querySelectorAll(".swatch")) button.setAttribute("aria-pressed", String(button.value === asked));
  };
  const choose = (value) => {
    mark(value);
    if (document.activeElement !== well) well.value = hexNow(attribute, value);
    take(value);
  };
  for (const [word, color, value] of choices) row.append(swatch(word, color, value, choose));
  const well = element("input", { type: "color", className: "well", title: "Any colour", value: hexNow(attribute, now) });
  well.setAttribute("aria-label", `${name}: any colour`);
  well.addEventListener("input", () => choose(well.value));
  well.addEventListener("change", () => rememberColor(well.value));
  const dropper = eyedropper((hex) => {
    rememberColor(hex);
    well.value = hex;
    choose(hex);
  });
  row.append(well, ...(dropper ? [dropper] : []));
  mark(now);
  return row;
}

export function swatch(word, color, value, choose) {
  const dot = element("span", { className: "dot" });
  dot.style.background = color;
  const button = element("button", { type: "button", className: "swatch", title: word, value }, dot);
  button.setAttribute("aria-label", word);
  button.addEventListener("click", () => choose(value));
  return button;
}

function hexNow({ values, palette }, now) {
  const at = values.indexOf(now);
  return hexOf((at >= 0 && palette[at]) || now) || "#ffffff";
}
