// Zoom and pan: the frame of the picture lies in the view, larger than it and moved.

import { $, state } from "./state.js";

const MOST = 16; // times the size that fits
const KEY = 1.25; // factor of a key or button
const WHEEL = 0.002, PINCH = 0.01; // of a wheel's pixels, in the exponent; trackpads pinch in small steps
const LINE = 16; // CSS pixels of a wheel that counts lines
const STILL = 4; // CSS pixels; a pointer that moves less was not dragged
const STEP = 0.1; // of the view, that an arrow key moves the picture
const COARSE = 3; // CSS pixels of one of the picture, from which it is shown as a square
const LARGEST_VIEW = 0.7, LARGEST_NARROW = 0.4; // of the window's height, for a picture

let zoom = 1;
let offset = [0, 0]; // CSS pixels of the frame's corner from the view's, at most 0
let space = ""; // "held" while the space bar is down over the picture, "used" once the picture was dragged
let isOver = false; // a pointer is over the picture
let pan = null; // { last, moved, sure } while a pointer moves the picture
let swallows = false; // the click that ends a drag is none
const fingers = new Map(); // pointer -> [x, y]
const listeners = []; // called when the picture has moved
const takeListeners = []; // called when a drag becomes a pan, so that it is nothing else

export const zoomed = () => zoom > 1;

export function onView(listener) {
  listeners.push(listener);
}

export function onPan(listener) {
  takeListeners.push(listener);
}

// Give the view the size at which the whole picture fits.
export function fit() {
  if (!state.width) return;
  const narrow = window.matchMedia("(max-width: 859px)").matches;
  const height = window.innerHeight * (narrow ? LARGEST_NARROW : LARGEST_VIEW);
  const scale = Math.min(height / state.height, $("full").clientWidth / state.width);
  $("view").style.width = $("compare").style.width = `${Math.floor(state.width * scale)}px`;
  $("view").style.height = `${Math.floor(state.height * scale)}px`;
  place();
}

// Zoom to a factor; the point [x, y] of the view, in CSS pixels, stays where it is.
export function zoomTo(factor, [x, y] = middle()) {
  const next = Math.min(MOST, Math.max(1, factor));
  if (next === zoom) return false;
  offset = [x - ((x - offset[0]) * next) / zoom, y - ((y - offset[1]) * next) / zoom];
  zoom = next;
  place();
  return true;
}

export const zoomBy = (factor) => zoomTo(zoom * factor);

// Move the picture until a point of it, in its pixels, is in the view.
export function reveal([x, y]) {
  if (!zoomed()) return;
  const view = $("view"), frame = $("frame");
  const at = [(x / state.width) * frame.clientWidth, (y / state.height) * frame.clientHeight];
  const seen = (i, size) => at[i] + offset[i] >= 0 && at[i] + offset[i] <= size;
  if (seen(0, view.clientWidth) && seen(1, view.clientHeight)) return;
  offset = middle().map((half, i) => half - at[i]);
  place();
}

function middle() {
  return [$("view").clientWidth / 2, $("view").clientHeight / 2];
}

function move(across, down) {
  offset = [offset[0] + across, offset[1] + down];
  place();
}

function place() {
  const view = $("view"), frame = $("frame");
  const size = [view.clientWidth, view.clientHeight];
  offset = offset.map((at, i) => Math.min(0, Math.max(size[i] * (1 - zoom), at)));
  frame.style.width = `${size[0] * zoom}px`;
  frame.style.height = `${size[1] * zoom}px`;
  frame.style.translate = `${offset[0]}px ${offset[1]}px`;
  frame.classList.toggle("coarse", zoomed() && (size[0] * zoom) / state.width >= COARSE);
  view.classList.toggle("zoomed", zoomed());
  $("zoom-at").textContent = `${Math.round(100 * zoom)} %`;
  for (const listener of listeners) listener();
}

function placeOf(event) {
  const box = $("view").getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function wheel(event) {
  const unit = event.deltaMode === 1 ? LINE : 1;
  if (!event.ctrlKey && Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    if (!zoomed()) return;
    event.preventDefault();
    return move(-event.deltaX * unit, 0);
  }
  const changed = zoomTo(zoom * Math.exp(-event.deltaY * unit * (event.ctrlKey ? PINCH : WHEEL)), placeOf(event));
  if (changed || event.ctrlKey) event.preventDefault(); // else the page is scrolled
}

function take() {
  for (const listener of takeListeners) listener();
  swallows = true;
  if (space) space = "used";
}

// A drag that has no other meaning moves a picture that is zoomed.
function mayPan(event) {
  const { tool } = $("frame").dataset;
  return zoomed() && (!tool || (event.pointerType === "touch" && tool === "choose"));
}

function press(event) {
  swallows = false; // a drag that ended just now had its click
  if (event.pointerType === "touch") fingers.set(event.pointerId, [event.clientX, event.clientY]);
  if (fingers.size === 2) {
    pan = null;
    return take();
  }
  const sure = event.button === 1 || (event.button === 0 && space);
  if (!sure && (event.button !== 0 || !mayPan(event) || event.target.closest(".marker, #divider"))) return;
  pan = { last: [event.clientX, event.clientY], moved: false, sure };
  if (!sure) return;
  event.preventDefault(); // no scrolling by the middle button
  event.stopPropagation();
  $("view").setPointerCapture(event.pointerId);
  take();
}

function drag(event) {
  if (fingers.has(event.pointerId)) pinch(event);
  if (!event.buttons) pan = null; // it was let go outside
  if (!pan || fingers.size > 1) return;
  const [x, y] = [event.clientX - pan.last[0], event.clientY - pan.last[1]];
  if (!pan.moved && Math.hypot(x, y) <= STILL) return;
  if (!pan.moved && !pan.sure) {
    $("view").setPointerCapture(event.pointerId);
    take();
  }
  Object.assign(pan, { moved: true, last: [event.clientX, event.clientY] });
  event.stopPropagation();
  move(x, y);
}

function pinch(event) {
  const before = [...fingers.values()];
  fingers.set(event.pointerId, [event.clientX, event.clientY]);
  if (fingers.size !== 2) return;
  event.stopPropagation();
  const now = [...fingers.values()];
  const far = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
  const between = ([a, b]) => ({ clientX: (a[0] + b[0]) / 2, clientY: (a[1] + b[1]) / 2 });
  const [from, to] = [between(before), between(now)];
  zoomTo((zoom * far(now)) / far(before), placeOf(from));
  move(to.clientX - from.clientX, to.clientY - from.clientY);
}

function release(event) {
  fingers.delete(event.pointerId);
  pan = null;
  window.setTimeout(() => (swallows = false)); // after the click
}

// Space with a drag moves the picture; without one it is what it is elsewhere.
function holdSpace(event) {
  if (event.key !== " ") return;
  if (event.type === "keydown") {
    if (!isOver || event.target.matches("input, textarea, select")) return;
    space ||= "held";
    if (event.target === document.body) event.preventDefault(); // no scrolling
  } else {
    if (space === "used") event.preventDefault(); // no press of the button in focus
    space = "";
  }
  $("view").classList.toggle("grabbing", Boolean(space));
}

function pressArrow(event) {
  const way = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  if (!way || !zoomed()) return;
  event.preventDefault();
  move(way[0] * STEP * $("view").clientWidth, way[1] * STEP * $("view").clientHeight);
}

export function pressZoom(key) {
  if (key === "+" || key === "=") zoomBy(KEY);
  else if (key === "-") zoomBy(1 / KEY);
  else if (key === "0") zoomTo(1);
  else return false;
  return true;
}

export function listenToView() {
  const view = $("view");
  view.addEventListener("wheel", wheel, { passive: false });
  view.addEventListener("pointerdown", press, true);
  view.addEventListener("pointermove", drag, true);
  for (const end of ["pointerup", "pointercancel"]) view.addEventListener(end, release, true);
  view.addEventListener("click", (event) => swallows && event.stopPropagation(), true);
  view.addEventListener("auxclick", (event) => event.preventDefault());
  view.addEventListener("pointerenter", () => (isOver = true));
  view.addEventListener("pointerleave", () => (isOver = false));
  for (const kind of ["keydown", "keyup"]) document.addEventListener(kind, holdSpace, true);
  window.addEventListener("blur", () => (space = ""));
  $("zoom-in").addEventListener("click", () => zoomBy(KEY));
  $("zoom-out").addEventListener("click", () => zoomBy(1 / KEY));
  $("zoom-fit").addEventListener("click", () => zoomTo(1));
  $("zoom").addEventListener("keydown", pressArrow);
}
