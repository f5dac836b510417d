// The palette of parts, right where a piece was clicked.

import { give } from "./correct.js";
import { chosen, outline } from "./outline.js";
import { onPieces, pieces } from "./pieces.js";
import { partColor } from "./preview.js";
import { $, element, state } from "./state.js";

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
  const how = piece.set ? "set by you" : `${Math.round(100 * piece.probability)} % sure${piece.in_doubt ? ", in doubt" : ""}`;
  return `Piece ${at} of ${pieces().size}: ${word(piece.part)}, ${how}`;
}

// Choose these pieces; with a place, [x, y] in pixels of the picture, the palette opens there.
export function choosePieces(numbers, place = null) {
  outline({ chosen: new Set(numbers) });
  $("chosen").textContent = describe(chosen());
  if (!place || !chosen().size) return closePalette();
  const now = pieces().get([...chosen()][0]).part;
  $("palette").replaceChildren(
    ...keysHere().map(([key, part]) => {
      const dot = element("span", { className: "dot" });
      if (state.model.attributes.some(({ name }) => name === part)) dot.style.background = partColor(part);
      else dot.classList.add(part);
      const button = element("button", { type: "button", data: { part } }, dot, word(part), element("kbd", { textContent: key }));
      button.setAttribute("aria-pressed", String(chosen().size === 1 && part === now));
      button.setAttribute("aria-keyshortcuts", key);
      button.setAttribute("aria-label", word(part));
      button.addEventListener("click", () => giveChosen(part));
      return button;
    }),
  );
  $("palette").hidden = false;
  put(place);
}

// Where the palette covers little of a piece: at the right of its box.
export const besideOf = ({ box, point }) => [box[2], point[1]];

function put([x, y]) {
  const palette = $("palette"), frame = $("frame").getBoundingClientRect(), full = $("full").getBoundingClientRect();
  const left = frame.left + (x / state.width) * frame.width, top = frame.top + (y / state.height) * frame.height;
  const { offsetWidth: wide, offsetHeight: high } = palette;
  const fits = left + GAP + wide < window.innerWidth - GAP;
  const across = Math.max(GAP, fits ? left + GAP : left - GAP - wide);
  const down = Math.max(GAP, Math.min(top - high / 4, window.innerHeight - high - GAP));
  palette.style.left = `${across - full.left}px`;
  palette.style.top = `${down - full.top}px`;
}

export function giveChosen(part) {
  const numbers = chosen();
  const within = $("palette").contains(document.activeElement);
  give(numbers, part);
  closePalette();
  if (within) $("pieces").focus({ preventScroll: true });
}

export function closePalette() {
  const open = !$("palette").hidden;
  $("palette").hidden = true;
  return open;
}

onPieces(() => {
  $("chosen").textContent = describe(chosen());
});
