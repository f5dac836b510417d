// Mouse, pen and finger on the picture: a click chooses a piece, a drag gives many a part, a line cuts.

import { cut, give } from "./correct.js";
import { hidePen } from "./cutkeys.js";
import { outline, hovered } from "./outline.js";
import { choosePieces, closePalette, describe } from "./palette.js";
import { map, numberAt } from "./pieces.js";
import { $, state } from "./state.js";
import { onPan } from "./view.js";

const STILL = 4; // CSS pixels; a pointer that moves less was not dragged

let stroke = null; // { begun, last, dragged, numbers, line } while a button is down

export const tool = () => document.querySelector("#tool input:checked").value;

export function markTool() {
  $("frame").dataset.tool = map() ? tool() : "";
  $("brush").hidden = tool() !== "brush";
  if (!map() || tool() !== "cut") hidePen();
}

export function chooseTool(name) {
  const radio = document.querySelector(`#tools input[value=${name}]`);
  if (radio.checked) return;
  radio.checked = true;
  markTool();
}

// The point of the picture, in its pixels, under a pointer.
function pointOf(event) {
  const box = $("frame").getBoundingClientRect();
  const within = (value, size) => Math.min(size - 1, Math.max(0, value));
  return [
    within(((event.clientX - box.left) / box.width) * state.width, state.width),
    within(((event.clientY - box.top) / box.height) * state.height, state.height),
  ];
}

function hover(number) {
  if (number === hovered()) return;
  outline({ hovered: number });
  if (number !== null) $("frame").title = describe(new Set([number]));
}

function begin(event) {
  if (!map() || !event.isPrimary || event.button !== 0 || $("divider").contains(event.target)) return;
  const point = pointOf(event);
  stroke = { begun: [event.clientX, event.clientY], last: point, dragged: false, numbers: new Set([numberAt(...point)]), line: [point] };
  $("frame").setPointerCapture(event.pointerId);
  closePalette();
}

function go(event) {
  if (!map()) return;
  const point = pointOf(event);
  if (!stroke) return hover($("divider").contains(event.target) ? null : numberAt(...point));
  stroke.dragged ||= Math.hypot(event.clientX - stroke.begun[0], event.clientY - stroke.begun[1]) > STILL;
  if (!stroke.dragged) return;
  if (tool() === "cut") {
    stroke.line.push(point);
    const scale = map().width / state.width;
    outline({ hovered: null, line: stroke.line.map(([x, y]) => [x * scale, y * scale]) });
    return;
  }
  const [x, y] = stroke.last, [u, v] = point;
  const steps = Math.ceil(Math.hypot(u - x, v - y));
  for (let i = 1; i <= steps; i++) stroke.numbers.add(numberAt(x + ((u - x) * i) / steps, y + ((v - y) * i) / steps));
  stroke.last = point;
  outline({ hovered: null, chosen: stroke.numbers });
}

function end(event) {
  if (!stroke) return;
  const { dragged, numbers, line, last } = stroke;
  stroke = null;
  outline({ line: [] });
  if (event.type === "pointercancel") return choosePieces([]);
  if (tool() === "cut") {
    if (dragged) cut(line);
    return;
  }
  const brushed = tool() === "brush" || numbers.size > 1;
  if (!brushed || !state.brush) return choosePieces(numbers, last);
  choosePieces(numbers);
  give(numbers, state.brush);
}

onPan(() => {
  if (!stroke) return;
  const { dragged } = stroke;
  stroke = null;
  outline({ hovered: null, line: [] });
  if (dragged) choosePieces([]);
});

export function listenToPointer() {
  const frame = $("frame");
  frame.addEventListener("pointerdown", begin);
  frame.addEventListener("pointermove", go);
  for (const name of ["pointerup", "pointercancel"]) frame.addEventListener(name, end);
  frame.addEventListener("pointerleave", () => !stroke && hover(null));
  frame.addEventListener("dragstart", (event) => event.preventDefault());
  for (const radio of document.querySelectorAll("#tools input")) radio.addEventListener("change", markTool);
}
