// Outlines of pieces over the picture, and the line of a cut while it is drawn.

import { boxOf, map, onPieces, pieces } from "./pieces.js";
import { $ } from "./state.js";
import { onView } from "./view.js";

const WIDTH = 2; // CSS pixels
const LIGHT = "#fff", CHOSEN = "#1d6fd8", CUTTING = "#d6201f";

const PEN = 9; // CSS pixels, half of its cross

// pointed: pieces of a person that is pointed at. line, pen: of a cut, in pixels of the map.
let shown = { hovered: null, chosen: new Set(), pointed: new Set(), line: [], pen: null };
let paths = new Map(); // piece -> Path2D in pixels of the map
let asked = 0; // the frame in which they are drawn

export function outline(changes) {
  shown = { ...shown, ...changes };
  if (!asked) asked = requestAnimationFrame(draw);
}

export const chosen = () => shown.chosen;
export const hovered = () => shown.hovered;

function draw() {
  asked = 0;
  const canvas = $("pieces"), view = $("view"), dense = window.devicePixelRatio;
  const [width, height] = [view.clientWidth, view.clientHeight].map((side) => Math.max(1, Math.round(side * dense)));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  context.resetTransform();
  context.clearRect(0, 0, width, height);
  if (!map()) return;
  const [from, to] = [view.getBoundingClientRect(), $("frame").getBoundingClientRect()];
  const scale = map().width / (to.width || map().width); // pixels of the map in a CSS pixel
  context.scale(dense, dense);
  context.translate(to.left - from.left, to.top - from.top);
  context.scale(1 / scale, 1 / scale);
  context.lineJoin = context.lineCap = "round";
  const stroke = (path, color) => {
    for (const [style, wide] of [[LIGHT, 2.4], [color, 1]]) {
      Object.assign(context, { strokeStyle: style, lineWidth: wide * WIDTH * scale });
      context.stroke(path);
    }
  };
  if (shown.hovered !== null && !shown.chosen.has(shown.hovered)) stroke(pathOf(shown.hovered), "#333");
  for (const number of shown.pointed) if (pieces().has(number)) stroke(pathOf(number), "#333");
  for (const number of shown.chosen) if (pieces().has(number)) stroke(pathOf(number), CHOSEN);
  if (shown.line.length) {
    const path = new Path2D();
    for (const [x, y] of shown.line) path.lineTo(x, y);
    stroke(path, CUTTING);
  }
  if (shown.pen) {
    const [x, y] = shown.pen, path = new Path2D(), far = PEN * scale;
    for (const [a, b] of [[far, 0], [0, far]]) {
      path.moveTo(x - a, y - b);
      path.lineTo(x + a, y + b);
    }
    stroke(path, CUTTING);
  }
}

// The sides of pixels of the piece that other pieces or the picture's rim touch, joined where they go on.
function pathOf(number) {
  if (paths.has(number)) return paths.get(number);
  const path = new Path2D(), { numbers, width } = map(), [left, top, right, bottom] = boxOf(number);
  const has = (x, y) => x >= left && x < right && y >= top && y < bottom && numbers[y * width + x] === number;
  const sides = (from, to, alongFrom, alongTo, differs, move, line) => {
    for (let at = from; at <= to; at++) {
      let begun = null;
      for (let along = alongFrom; along <= alongTo; along++) {
        const is = along < alongTo && differs(at, along);
        if (is && begun === null) begun = along;
        if (is || begun === null) continue;
        move(at, begun);
        line(at, along);
        begun = null;
      }
    }
  };
  sides(top, bottom, left, right, (y, x) => has(x, y) !== has(x, y - 1),
    (y, x) => path.moveTo(x, y), (y, x) => path.lineTo(x, y));
  sides(left, right, top, bottom, (x, y) => has(x, y) !== has(x - 1, y),
    (x, y) => path.moveTo(x, y), (x, y) => path.lineTo(x, y));
  paths.set(number, path);
  return path;
}

onView(() => outline({}));

let drawn = null;
onPieces(() => {
  if (map()?.numbers === drawn) return;
  drawn = map()?.numbers;
  paths = new Map();
  outline({ hovered: null, chosen: new Set(), pointed: new Set(), line: [] });
});
