// Keys: parts and persons for the chosen pieces, from piece to piece, doubts, cuts, undo and redo.

import { canCopy, copyPicture } from "./clipboard.js";
import { dropLine, pressPen, startPen } from "./cutkeys.js";
import { nextDoubt } from "./doubts.js";
import { redo, undo } from "./history.js";
import { chosen } from "./outline.js";
import { besideOf, choosePieces, closePalette, giveChosen, giveChosenTo, KEYS, keysHere, mostPersons } from "./palette.js";
import { map, pieces } from "./pieces.js";
import { chooseTool, tool } from "./pointer.js";
import { $, state } from "./state.js";
import { pressZoom, reveal } from "./view.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SIDEWAYS = 2; // how much farther a piece seems that lies beside the way

const isTyping = (target) => target.matches("input:not([type=radio], [type=checkbox], [type=range], [type=color]), textarea, select");

function press(event) {
  if (isTyping(event.target)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if ((event.ctrlKey || event.metaKey) && !event.altKey) {
    if (key === "c" && state.picture && canCopy() && !window.getSelection().toString()) {
      event.preventDefault();
      return copyPicture();
    }
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    closePalette();
    return key === "y" || event.shiftKey ? redo() : undo();
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (pressZoom(key)) return event.preventDefault();
  if (key === "Escape") return leave();
  if (!map()) return;
  if (key === "d") return nextDoubt(event.shiftKey ? -1 : 1);
  if (key === "c") return begin();
  if (!chosen().size) return;
  if (key >= "1" && key <= String(mostPersons())) return giveChosenTo(Number(key));
  if (!KEYS[key] || !keysHere().some(([own]) => own === key)) return;
  const [first] = chosen(), goesOn = state.review && pieces().get(first)?.in_doubt;
  giveChosen(KEYS[key]);
  if (goesOn) nextDoubt();
}

function begin() {
  closePalette();
  chooseTool("cut");
  $("pieces").focus({ preventScroll: true });
  startPen();
}

function leave() {
  if (dropLine()) return;
  const within = $("palette").contains(document.activeElement);
  if (closePalette()) {
    if (within) $("pieces").focus({ preventScroll: true });
    return;
  }
  if (chosen().size) return choosePieces([]);
  chooseTool("choose");
}

// On the picture itself: keys move the pen of a cut; else arrows go to the nearest piece that way, Enter and Space open the palette.
function pressOnPieces(event) {
  if (!map()) return;
  if (tool() === "cut") return pressPen(event);
  const [now] = chosen(), piece = pieces().get(now);
  if (event.key === " ") return event.preventDefault(); // no scrolling: it opens when it is let go
  if (event.key === "Enter" && !state.review) {
    event.preventDefault();
    return openChosen();
  }
  const way = ARROWS[event.key];
  if (!way) return;
  event.preventDefault();
  const [x, y] = piece?.point ?? [state.width / 2, state.height / 2];
  let best = null, least = Infinity;
  for (const { number, point } of pieces().values()) {
    const [u, v] = [point[0] - x, point[1] - y];
    const along = u * way[0] + v * way[1], beside = Math.abs(u * way[1]) + Math.abs(v * way[0]);
    const far = along + SIDEWAYS * beside;
    if (number !== now && (piece ? along > 0 : true) && Math.abs(far) < least) [best, least] = [number, Math.abs(far)];
  }
  if (best === null) return;
  reveal(pieces().get(best).point);
  choosePieces([best]);
}

function openChosen() {
  const [now] = chosen(), piece = pieces().get(now);
  if (!piece) return;
  reveal(piece.point);
  choosePieces(chosen(), besideOf(piece));
  $("palette").querySelector("[data-part][aria-pressed=true]")?.focus();
}

// Space opens the palette where it has not dragged the picture meanwhile.
function releaseOnPieces(event) {
  if (event.key === " " && !event.defaultPrevented && map() && tool() !== "cut") openChosen();
}

export function listenToKeys() {
  document.addEventListener("keydown", press);
  $("pieces").addEventListener("keydown", pressOnPieces);
  $("pieces").addEventListener("keyup", releaseOnPieces);
}
