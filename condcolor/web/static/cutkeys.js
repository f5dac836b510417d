// Cutting by keyboard: arrows move a pen, Enter begins a line there and cuts along it, Space bends it.

import { cut } from "./correct.js";
import { chosen, outline } from "./outline.js";
import { map, pieces } from "./pieces.js";
import { $, state } from "./state.js";

const STEP = 1 / 64; // of the longer side; with Shift, one pixel
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

let pen = null; // { at, line }: [x, y] and a list of them, in pixels of the picture

// Put the pen on the chosen piece, or in the middle.
export function startPen() {
  const [number] = chosen();
  pen = { at: pieces().get(number)?.point ?? [state.width / 2, state.height / 2].map(Math.floor), line: [] };
  show();
}

export function hidePen() {
  if (!pen) return;
  pen = null;
  outline({ pen: null, line: [] });
  $("chosen").textContent = "";
}

// Take back a line that is begun; true where there was one.
export function dropLine() {
  if (!pen?.line.length) return false;
  pen.line = [];
  show();
  return true;
}

export function pressPen(event) {
  const way = WAYS[event.key];
  if (!way && event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  if (!pen) return startPen();
  if (way) move(way, event.shiftKey ? 1 : Math.max(1, Math.round(STEP * Math.max(state.width, state.height))));
  else if (event.key === "Enter" && pen.line.length) finish();
  else pen.line.push(pen.at);
  show();
}

function move([across, down], step) {
  const within = (value, size) => Math.min(size - 1, Math.max(0, value));
  pen.at = [within(pen.at[0] + step * across, state.width), within(pen.at[1] + step * down, state.height)];
}

function finish() {
  const line = [...pen.line, pen.at];
  pen.line = [];
  cut(line);
}

function show() {
  const scale = map().width / state.width;
  const onMap = ([x, y]) => [(x + 0.5) * scale, (y + 0.5) * scale];
  outline({ pen: onMap(pen.at), line: pen.line.length ? [...pen.line, pen.at].map(onMap) : [] });
  const next = pen.line.length ? "Enter cuts, Space bends the line here" : "Enter begins a line here";
  $("chosen").textContent = `Pen at ${pen.at.join(", ")}: ${next}`;
}
