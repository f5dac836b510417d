// Corrections: a click or a key chooses a piece; the palette of parts, right there, gives it another.

import { boxes, chosen, hasPicture, outline, pieceAt, placeOf } from "./picture.js";
import { $, change, colorOf, element, NOTHING, onChange, partOf, redo, state, undo } from "./state.js";

const KEYS = { hair: "h", shirt: "s", skin: "k", trousers: "t", hat: "a", shoes: "o", other: "n", ground: "g" };
const WORDS = { other: "none" };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SIDEWAYS = 2; // how much farther a piece beside the way of an arrow counts
const GAP = 10; // CSS pixels between the place that was clicked and the palette

const word = (part) => WORDS[state.config.parts[part].name] ?? state.config.parts[part].name;
const keyOf = (part) => KEYS[state.config.parts[part].name] ?? "";

/** Choose a piece; with a place of the window, [x, y], the palette opens there. */
export function choosePiece(piece, place = null) {
  outline({ chosen: piece });
  describe();
  closePalette();
  if (piece === NOTHING || !place) return;
  const buttons = state.config.parts.map((_, part) => {
    const dot = element("span", { className: "dot" }), key = keyOf(part);
    dot.style.background = colorOf(part);
    const button = element("button", { type: "button" }, dot, word(part), ...(key ? [element("kbd", { textContent: key, ariaHidden: "true" })] : []));
    button.setAttribute("aria-pressed", String(part === partOf(piece)));
    if (key) button.setAttribute("aria-keyshortcuts", key);
    button.addEventListener("click", () => give(part));
    return button;
  });
  $("palette").replaceChildren(...buttons);
  $("palette").hidden = false;
  put(place);
}

function put([x, y]) {
  const { offsetWidth: wide, offsetHeight: high } = $("palette"), full = $("full").getBoundingClientRect();
  const left = x + GAP + wide < innerWidth - GAP ? x + GAP : Math.max(GAP, x - GAP - wide);
  const top = Math.max(GAP, Math.min(y - high / 4, innerHeight - high - GAP));
  $("palette").style.left = `${left - full.left}px`;
  $("palette").style.top = `${top - full.top}px`;
}

function closePalette() {
  const within = $("palette").contains(document.activeElement);
  $("palette").hidden = true;
  if (within) $("picture").focus({ preventScroll: true });
}

function give(part) {
  const piece = chosen();
  closePalette();
  if (part !== partOf(piece) || state.found.doubtful[piece]) change("part", { given: { ...state.given, [piece]: part } });
}

function describe() {
  const piece = chosen();
  if (piece === NOTHING || !state.found) return void ($("chosen").textContent = "");
  const sure = `${Math.round(100 * state.found.probability[piece])} % sure${state.found.doubtful[piece] ? ", in doubt" : ""}`;
  $("chosen").textContent = `${word(partOf(piece))}, ${piece in state.given ? "set by you" : sure}`;
}

const doubts = () => [...boxes().keys()].filter((piece) => state.found.doubtful[piece] && !(piece in state.given));

export function nextDoubt() {
  const left = doubts();
  if (left.length === 0) return;
  choosePiece(left.find((piece) => piece > chosen()) ?? left[0]);
  $("picture").focus({ preventScroll: true });
}

function press(event) {
  const { key, target } = event, typing = target.matches("input[type=text]");
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !typing && ["z", "y"].includes(key.toLowerCase())) {
    event.preventDefault();
    if (key.toLowerCase() === "y" || event.shiftKey) redo();
    else undo();
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !hasPicture()) return;
  if (key === "Escape") return choosePiece(NOTHING);
  if (key === "d") return nextDoubt();
  const part = state.config.parts.findIndex((_, each) => keyOf(each) === key);
  if (part >= 0 && chosen() !== NOTHING) give(part);
}

// On the picture itself: arrows go to the nearest piece that way, Enter and Space open the palette.
function pressOnPicture(event) {
  const now = boxes().get(chosen());
  if ((event.key === "Enter" || event.key === " ") && now) {
    event.preventDefault();
    choosePiece(chosen(), placeOf([now.right, now.point[1]]));
    $("palette").querySelector("[aria-pressed=true]")?.focus();
    return;
  }
  const way = ARROWS[event.key];
  if (!way) return;
  event.preventDefault();
  const [x, y] = now?.point ?? [$("picture").width / 2, $("picture").height / 2];
  let best = NOTHING, least = Infinity;
  for (const [piece, { point }] of boxes()) {
    const [u, v] = [point[0] - x, point[1] - y], along = u * way[0] + v * way[1], beside = Math.abs(u * way[1]) + Math.abs(v * way[0]);
    const far = Math.abs(along) + SIDEWAYS * beside;
    if (piece !== chosen() && (!now || along > 0) && far < least) [best, least] = [piece, far];
  }
  if (best !== NOTHING) choosePiece(best);
}

export function listenToPieces() {
  const picture = $("picture");
  picture.addEventListener("click", ({ clientX, clientY }) => choosePiece(pieceAt(clientX, clientY), [clientX, clientY]));
  picture.addEventListener("pointermove", ({ clientX, clientY, pointerType }) => {
    if (pointerType === "mouse") hover(pieceAt(clientX, clientY));
  });
  picture.addEventListener("pointerleave", () => hover(NOTHING));
  picture.addEventListener("keydown", pressOnPicture);
  document.addEventListener("keydown", press);
  $("next-doubt").addEventListener("click", nextDoubt);
  onChange(() => {
    describe();
    closePalette(); // its colours may be others now
    const left = hasPicture() && state.found ? doubts().length : 0;
    $("next-doubt").hidden = left === 0;
    $("doubt-count").textContent = left;
  });
}

let hovered = NOTHING;
function hover(piece) {
  if (piece === hovered) return;
  hovered = piece;
  outline({ hovered });
}
