// The palette of parts, right where a piece was clicked.

import { chooseColor, light } from "./colors.js";
import { colorRow } from "./colorrow.js";
import { give, giveTo } from "./correct.js";
import { chosen, outline } from "./outline.js";
import { onPieces, personOf, pieces } from "./pieces.js";
import { partColor } from "./preview.js";
import { $, element, personIn, state, values } from "./state.js";
import { onView } from "./view.js";

export const KEYS = {
  h: "hair", s: "shirt", k: "skin", t: "trousers", a: "hat", o: "shoes", n: "other", g: "ground",
};
const GAP = 10; // CSS pixels between the place that was clicked and the palette
const WORDS = { other: "none" };

export const word = (part) => WORDS[part] ?? part;

export const keysHere = () => Object.entries(KEYS).filter(([, part]) => state.model.parts.includes(part));

export function describe(numbers) {
  const [first] = numbers, piece = pieces().get(first);
  if (!piece) return "";
  if (numbers.size > 1) return `${numbers.size} pieces`;
  const at = [...pieces().keys()].indexOf(first) + 1;
  const whose = state.persons.count > 1 && personOf(first) ? `, of person ${personOf(first)}` : "";
  const how = piece.set ? "set by you" : `${Math.round(100 * piece.probability)} % sure${piece.in_doubt ? ", in doubt" : ""}`;
  return `Piece ${at} of ${pieces().size}: ${word(piece.part)}, ${how}${whose}`;
}

// Choose these pieces; with a place, [x, y] in pixels of the picture, the palette opens there.
export function choosePieces(numbers, place = null) {
  outline({ chosen: new Set(numbers) });
  $("chosen").textContent = describe(chosen());
  light(attributeOfChosen());
  const [first] = chosen();
  if (!place || !pieces().has(first)) return closePalette();
  const now = pieces().get(first).part;
  const buttons = keysHere().map(([key, part]) => {
    const dot = element("span", { className: "dot" });
    if (state.model.attributes.some(({ name }) => name === part)) dot.style.background = partColor(part, personOf(first));
    else dot.classList.add(part);
    const shortcut = element("kbd", { textContent: key, ariaHidden: "true" });
    const button = element("button", { type: "button", data: { part } }, dot, word(part), shortcut);
    button.setAttribute("aria-pressed", String(chosen().size === 1 && part === now));
    button.setAttribute("aria-keyshortcuts", key);
    button.addEventListener("click", () => giveChosen(part));
    return button;
  });
  const parts = element("div", { className: "parts" }, ...buttons);
  parts.setAttribute("role", "group");
  parts.setAttribute("aria-label", "Which part is it?");
  $("palette").replaceChildren(
    ...colorsOfChosen(),
    parts,
    ...(state.persons.count > 1 ? [whoseRow(personOf(first))] : []),
  );
  $("palette").hidden = false;
  put(place);
}

// The attribute that colours the chosen pieces, of their person: `hair` or `hair-2`; "" where they differ, or none does.
function attributeOfChosen() {
  const names = new Set([...chosen()].map((number) => {
    const part = pieces().get(number)?.part, person = personOf(number);
    return state.model.attributes.some(({ name }) => name === part) ? part + (person > 1 ? `-${person}` : "") : "";
  }));
  return names.size === 1 ? [...names][0] : "";
}

function colorsOfChosen() {
  const name = attributeOfChosen(), [first] = chosen();
  return name && !state.review ? [colorsOf(name, pieces().get(first).part)] : [];
}

// The row of colours of an attribute, or of a further person's: `hair-2` of `hair`.
function colorsOf(name, part = name) {
  const attribute = state.model.attributes.find((each) => each.name === part);
  const asked = values()[name] ?? values()[part] ?? "default";
  return colorRow(attribute, asked === "default" ? attribute.default : asked, (value) => {
    chooseColor(name, value);
    const dot = $("palette").querySelector(`[data-part="${CSS.escape(part)}"] .dot`);
    if (dot) dot.style.background = partColor(part, personIn(name));
  });
}

// Open the palette of an attribute's colours at a place; close it, where the name is "".
export function showColors(name, at) {
  if (!name) return closePalette();
  $("palette").replaceChildren(colorsOf(name));
  $("palette").hidden = false;
  put(at);
}

// Buttons for whose a piece is; the last is a person that was not found.
function whoseRow(now) {
  const row = element("div", { className: "whose" }, element("span", { className: "hint", textContent: "Person" }));
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", "Whose is it?");
  for (let person = 1; person <= mostPersons(); person++) {
    const isNew = person > state.persons.count;
    const button = element("button", { type: "button", data: { person }, textContent: isNew ? "new" : person });
    button.setAttribute("aria-pressed", String(chosen().size === 1 && person === now));
    button.setAttribute("aria-keyshortcuts", person);
    button.setAttribute("aria-label", isNew ? `person ${person}, new` : `person ${person}`);
    button.addEventListener("click", () => giveChosenTo(person));
    row.append(button);
  }
  return row;
}

// Persons that a piece may be given to, by keys 1 to 9.
export const mostPersons = () => Math.min(9, state.persons.count + 1);

// Where the palette covers little of a piece: at the right of its box.
export const besideOf = ({ box, point }) => [box[2], point[1]];

let place = null; // of the palette: a point of the picture, in its pixels

function put(at = place) {
  const [x, y] = (place = at);
  const palette = $("palette"), frame = $("frame").getBoundingClientRect(), full = $("full").getBoundingClientRect();
  const left = frame.left + (x / state.width) * frame.width, top = frame.top + (y / state.height) * frame.height;
  const { offsetWidth: wide, offsetHeight: high } = palette;
  const fits = left + GAP + wide < window.innerWidth - GAP;
  const across = Math.max(GAP, fits ? left + GAP : left - GAP - wide);
  const down = Math.max(GAP, Math.min(top - high / 4, window.innerHeight - high - GAP));
  palette.style.left = `${across - full.left}px`;
  palette.style.top = `${down - full.top}px`;
}

export const giveChosen = (part) => done(() => give(chosen(), part));
export const giveChosenTo = (person) => done(() => giveTo(chosen(), person));

function done(giving) {
  const within = $("palette").contains(document.activeElement);
  giving();
  closePalette();
  if (within) $("pieces").focus({ preventScroll: true });
}

export function closePalette() {
  const open = !$("palette").hidden;
  $("palette").hidden = true;
  return open;
}

onView(() => $("palette").hidden || put());

onPieces(() => {
  if (chosen().size) light(attributeOfChosen());
  $("chosen").textContent = describe(chosen());
});
