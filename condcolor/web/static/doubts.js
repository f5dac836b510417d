// Doubts of a model that finds parts: pieces of the drawing whose part is a close vote, hatched.

import { decoded, tell } from "./picture.js";
import { askOfPicture } from "./server.js";
import { $, state } from "./state.js";

const LONGER = 1024; // pixels, the longer side of the hatching
const STRIPES = 14; // pixels from one to the next, of these:
const DARK = 3, LIGHT = 3; // the rest shows the picture

export async function findDoubts() {
  const shape = state.shape;
  $("doubtful").hidden = true;
  markDoubts();
  if (!state.model.parts) return;
  try {
    const asked = new URLSearchParams({ model: state.model.name });
    const mask = await decoded(await (await askOfPicture("doubts.png", asked.toString())).blob());
    URL.revokeObjectURL(mask.src);
    if (shape !== state.shape) return;
    const share = hatch(mask);
    const percent = share < 0.01 ? "less than 1" : Math.round(100 * share);
    $("doubts-legend").textContent = `Hatched: the part is a close call, ${percent} % of the picture`;
    $("doubtful").hidden = share === 0;
    markDoubts();
  } catch (problem) {
    tell(problem);
  }
}

export function markDoubts() {
  $("doubts").hidden = $("doubtful").hidden || !$("show-doubts").checked;
}

// Draw the hatching where a mask is opaque; returns its share of the picture.
function hatch(mask) {
  const canvas = $("doubts"), scale = LONGER / Math.max(mask.naturalWidth, mask.naturalHeight);
  canvas.width = Math.max(1, Math.round(mask.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(mask.naturalHeight * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(mask, 0, 0, canvas.width, canvas.height);
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  let opaque = 0;
  for (let i = 0; i < canvas.width * canvas.height; i++) {
    if (!image.data[4 * i + 3]) continue;
    opaque++;
    const at = ((i % canvas.width) + Math.floor(i / canvas.width)) % STRIPES;
    const level = at < DARK ? 30 : 255, alpha = at < DARK + LIGHT ? 255 : 0;
    image.data.set([level, level, level, alpha], 4 * i);
  }
  context.putImageData(image, 0, 0);
  return opaque / (canvas.width * canvas.height);
}
