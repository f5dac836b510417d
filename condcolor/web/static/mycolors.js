// The panel's own colours: the last ones, and a palette with names that is loaded and saved as palette.json.

import { chooseColor, onLight } from "./colors.js";
import { swatch } from "./colorrow.js";
import { eyedropper } from "./eyedropper.js";
import { note, tell } from "./messages.js";
import { addPalette, encodedPalette, forgetName, hexOf, nameColor, namedColors, onOwnColors, recentColors, rememberColor } from "./owncolors.js";
import { $, element, personIn, save, state, values } from "./state.js";

const PLACE = "own-told";

// The attribute, or that of a further person, whose field is meant; the first one before any is.
function target() {
  const names = [...document.querySelectorAll(".attribute")].map((field) => field.dataset.name);
  return names.includes(state.lit) ? state.lit : names[0];
}

const attributeOf = (name) => (personIn(name) > 1 ? name.slice(0, name.lastIndexOf("-")) : name);

// Show what there is; buttons that stay keep the focus.
export function showOwnColors() {
  const known = [...namedColors(""), ...recentColors().map((hex) => [hex, hex])];
  fill($("hint-colors"), known, (word, hex) => swatch(word, hex, hex, chooseHintColor));
  const name = target();
  if (!name) return;
  const attribute = attributeOf(name);
  $("own-for").textContent = `for ${name}`;
  const choose = (hex) => chooseColor(name, hex);
  fill($("recent"), recentColors().map((hex) => [hex, hex]), (hex) => swatch(hex, hex, hex, choose));
  $("recent-row").hidden = !recentColors().length;
  fill($("own"), namedColors(attribute), (word, hex) => named(attribute, word, hex, choose));
  $("palette-save").disabled = encodedPalette() === "{}\n";
}

function chooseHintColor(hex) {
  $("hint-color").value = hex;
  $("hint-color").dispatchEvent(new Event("input"));
}

function named(attribute, word, hex, choose) {
  const remove = element("button", { type: "button", className: "remove", textContent: "×", title: `Forget ${word}` });
  remove.setAttribute("aria-label", `Forget ${word}`);
  remove.addEventListener("click", () => forgetName(attribute, word));
  return element("li", {}, swatch(word, hex, hex, choose), element("span", { textContent: word }), remove);
}

// Make the children those of the list, one of which is [name, colour]; the ones that are there already stay, focus and all.
function fill(place, list, make) {
  const key = ([word, hex]) => `${target()} ${word} ${hex}`;
  const there = new Map([...place.children].map((child) => [child.dataset.key, child]));
  const next = list.map((entry) => there.get(key(entry)) ?? make(...entry));
  next.forEach((child, i) => {
    child.dataset.key = key(list[i]);
    if (place.children[i] !== child) place.insertBefore(child, place.children[i] ?? null);
  });
  while (place.children.length > next.length) place.lastChild.remove();
}

function keep(event) {
  event.preventDefault();
  const name = target(), attribute = state.model.attributes.find((each) => each.name === attributeOf(name));
  const asked = values()[name] ?? values()[attribute.name] ?? attribute.default;
  const at = attribute.values.indexOf(asked);
  const hex = (at >= 0 && attribute.palette[at]) || hexOf(asked);
  if (!hex) return tell(`'${asked}' is no single colour: choose one first`, PLACE);
  const fault = nameColor($("own-name").value.trim(), hex);
  if (fault) return tell(fault, PLACE);
  note(`${$("own-name").value.trim()} is ${hex}`, PLACE);
  $("own-name").value = "";
}

export async function loadPalette(file) {
  $("own-colors").open = true;
  try {
    const count = addPalette(await file.text());
    note(`${count === 1 ? "1 colour" : `${count} colours`} of ${file.name}`, PLACE);
  } catch (problem) {
    tell(`${file.name}: ${problem.message}`, PLACE);
  }
}

export function listenToOwnColors() {
  const dropper = eyedropper((hex) => {
    rememberColor(hex);
    chooseColor(target(), hex);
  });
  if (dropper) $("own-row").prepend(dropper);
  const hintDropper = eyedropper((hex) => {
    rememberColor(hex);
    chooseHintColor(hex);
  });
  if (hintDropper) $("hint-color").after(hintDropper);
  $("own-form").addEventListener("submit", keep);
  $("palette-load").addEventListener("click", () => $("palette-file").click());
  $("palette-file").addEventListener("change", () => {
    const [file] = $("palette-file").files;
    if (file) loadPalette(file);
    $("palette-file").value = "";
  });
  $("palette-save").addEventListener("click", () =>
    save(new Blob([encodedPalette()], { type: "application/json" }), "palette.json"));
  onOwnColors(showOwnColors);
  onLight(showOwnColors);
}
