// Hints on a photograph: a click says the colour of a thing; points are dragged, recoloured and removed.

import { remember } from "./history.js";
import { rememberColor } from "./owncolors.js";
import { change } from "./picture.js";
import { $, element, hints, state } from "./state.js";

const STILL = 4; // CSS pixels; a pointer that moves less was not dragged
const STEP = 0.01; // of the picture, that an arrow key moves a point
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

let selected = -1; // number of the hint that the colour field is about
let drag = null; // { number, begun, moved } while a button is down

const within = (value, size) => Math.min(size - 1, Math.max(0, Math.round(value)));

function pointOf(event) {
  const box = $("frame").getBoundingClientRect();
  return {
    x: within(((event.clientX - box.left) / box.width) * state.width, state.width),
    y: within(((event.clientY - box.top) / box.height) * state.height, state.height),
  };
}

function setHints(list, kind = "") {
  remember(kind);
  state.hints[state.model.name] = list;
  markHints();
  change();
}

function setHint(number, own, kind) {
  setHints(hints().map((hint, i) => (i === number ? { ...hint, ...own } : hint)), kind);
}

function add(point) {
  selected = hints().length;
  setHints([...hints(), { ...point, color: $("hint-color").value }]);
  markerOf(selected)?.focus({ preventScroll: true });
}

function remove() {
  if (!hints()[selected]) return;
  const next = hints().filter((_, i) => i !== selected);
  selected = Math.min(selected, next.length - 1);
  setHints(next);
  (markerOf(selected) ?? $("add-hint")).focus({ preventScroll: true });
}

function select(number) {
  selected = number;
  $("hint-color").value = hints()[number].color;
  markHints();
}

const markerOf = (number) => $("hints").children[number];

// Bring markers and fields up to date with the hints.
export function markHints() {
  const takes = Boolean(state.model.takes_hints);
  $("hints").hidden = $("hinting").hidden = !takes;
  $("frame").classList.toggle("hinting", takes);
  const list = takes ? hints() : [];
  selected = Math.min(selected, list.length - 1);
  while ($("hints").children.length > list.length) $("hints").lastChild.remove();
  while ($("hints").children.length < list.length) $("hints").append(marker());
  for (const [i, { x, y, color }] of list.entries()) {
    const own = markerOf(i);
    own.style.left = `${(100 * (x + 0.5)) / state.width}%`;
    own.style.top = `${(100 * (y + 0.5)) / state.height}%`;
    own.style.background = color;
    own.setAttribute("aria-label", `Point ${i + 1} at ${x}, ${y}: ${color}`);
    own.setAttribute("aria-pressed", String(i === selected));
  }
  $("remove-hint").disabled = selected < 0;
}

function marker() {
  const made = element("button", { type: "button", className: "marker" });
  const number = () => [...$("hints").children].indexOf(made);
  made.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // no selection of text
    event.stopPropagation();
    made.focus({ preventScroll: true });
    made.setPointerCapture(event.pointerId);
    select(number());
    drag = { number: number(), begun: [event.clientX, event.clientY], moved: false };
  });
  made.addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.moved ||= Math.hypot(event.clientX - drag.begun[0], event.clientY - drag.begun[1]) > STILL;
    if (drag.moved) setHint(drag.number, pointOf(event), "drag");
  });
  for (const end of ["pointerup", "pointercancel"]) made.addEventListener(end, () => (drag = null));
  made.addEventListener("click", (event) => event.stopPropagation());
  made.addEventListener("focus", () => selected !== number() && select(number()));
  made.addEventListener("keydown", (event) => {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      return remove();
    }
    const way = ARROWS[event.key];
    if (!way) return;
    event.preventDefault();
    const { x, y } = hints()[number()];
    const moved = [x + way[0] * Math.max(1, STEP * state.width), y + way[1] * Math.max(1, STEP * state.height)];
    setHint(number(), { x: within(moved[0], state.width), y: within(moved[1], state.height) }, "move");
  });
  return made;
}

export function listenToHints() {
  $("frame").addEventListener("click", (event) => {
    if (state.model.takes_hints && !$("divider").contains(event.target)) add(pointOf(event));
  });
  $("hint-color").addEventListener("input", () => {
    if (hints()[selected]) setHint(selected, { color: $("hint-color").value }, "hint-color");
  });
  $("hint-color").addEventListener("change", () => rememberColor($("hint-color").value));
  $("add-hint").addEventListener("click", () =>
    add({ x: within(state.width / 2, state.width), y: within(state.height / 2, state.height) }));
  $("remove-hint").addEventListener("click", remove);
}
