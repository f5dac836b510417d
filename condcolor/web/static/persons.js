// Persons of a drawing: whose each piece is, and colours that one of them has alone.

import { attributeField, markFields } from "./colors.js";
import { onRestore } from "./history.js";
import { outline } from "./outline.js";
import { tell } from "./messages.js";
import { change, onChange } from "./picture.js";
import { map, onPieces, personOf, pieces } from "./pieces.js";
import { askOfPicture } from "./server.js";
import { $, corrections, element, ofModel, personIn, state, values, valuesOf, withCorrections } from "./state.js";

const WAIT = 250; // ms without a correction, after which is asked whose the pieces are now
const MOST = 9; // persons with fields

let known = ""; // the picture and corrections for which persons are known
let timer = 0;
let built = ""; // the model and number of persons that have fields

const key = () => [state.shape, ...corrections().map(({ text }) => text)].join(" ");
const own = () => Object.keys(values()).filter((name) => personIn(name) > 1);

onPieces(() => {
  window.clearTimeout(timer);
  if (!map()) return forget();
  if (known !== key()) timer = window.setTimeout(() => load().catch(tell), known ? WAIT : 0);
});

function forget() {
  known = "";
  state.persons = { count: 0, of: [] };
  show();
}

async function load() {
  const asked = key();
  const told = await (await askOfPicture("persons", withCorrections(ofModel()))).json();
  if (asked !== key() || !map()) return;
  const isOther = told.count !== state.persons.count;
  known = asked;
  state.persons = { count: told.count, of: told.persons };
  show();
  if (isOther && own().length) change();
}

// For another picture: its persons are others. Returns the colours that they have alone, by model.
export function takePersons() {
  const taken = {};
  for (const { name: model, attributes } of state.models) {
    const asked = state.values[model] ?? {}, everyones = attributes.map(({ name }) => name);
    for (const [name, value] of Object.entries(asked)) {
      if (everyones.includes(name)) continue;
      (taken[model] ??= {})[name] = value;
      delete asked[name];
    }
  }
  return taken;
}

export function givePersons(own) {
  for (const model of state.models) if (own[model.name]) Object.assign(valuesOf(model), own[model.name]);
}

function show() {
  const { count } = state.persons;
  $("persons").hidden = count < 2;
  if (built !== `${state.model.name} ${count}`) {
    built = `${state.model.name} ${count}`;
    const others = Array.from({ length: Math.max(0, Math.min(MOST, count) - 1) }, (_, i) => i + 2);
    $("person-fields").replaceChildren(...others.map(fieldsOf));
  }
  mark();
}

function fieldsOf(person) {
  const hint = element("span", { className: "hint" });
  const fields = state.model.attributes.map((attribute) => attributeField(attribute, person));
  const summary = element("summary", {}, `Person ${person} `, hint);
  const details = element("details", { className: "person", data: { person } }, summary, element("div", {}, ...fields));
  const point = () => outline({ pointed: new Set([...pieces().keys()].filter((n) => personOf(n) === person)) });
  for (const event of ["pointerenter", "focusin"]) details.addEventListener(event, point);
  for (const event of ["pointerleave", "focusout"]) details.addEventListener(event, () => outline({ pointed: new Set() }));
  return details;
}

function mark() {
  const apart = new Set(own().map(personIn));
  for (const details of document.querySelectorAll(".person")) {
    details.querySelector(".hint").textContent = apart.has(Number(details.dataset.person)) ? "own colours" : "as all";
  }
  const { count } = state.persons, alike = ![...apart].some((person) => person <= count);
  $("persons-hint").textContent = `${count} found, ${alike ? "all alike" : "some in their own"}`;
}

onChange(() => {
  if ($("persons").hidden) return;
  markFields(); // what is as all has changed with all
  mark();
});
onRestore(mark);
