// Areas of a model that colours drawings and finds no pieces: a click chooses the attribute that colours the place.

import { light } from "./colors.js";
import { tell } from "./messages.js";
import { onOpen } from "./open.js";
import { showColors } from "./palette.js";
import { decoded, onShown } from "./picture.js";
import { askOfPicture } from "./server.js";
import { $, ofModel, state } from "./state.js";

const LONGER = 1024; // pixels, the longer side of the map

let loaded = null; // { of, width, height, numbers }: the number of each pixel's attribute from 1, 0 for none

const hasAreas = () => state.picture && state.model.any_color && !state.model.parts.length;
const key = () => `${state.shape} ${state.model.name}`;

async function load() {
  const of = key();
  const answer = await askOfPicture("areas.png", `${ofModel()}&longer=${LONGER}`);
  const image = await decoded(await answer.blob());
  const { naturalWidth: width, naturalHeight: height } = image;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  URL.revokeObjectURL(image.src);
  const { data } = context.getImageData(0, 0, width, height);
  const numbers = Uint8Array.from({ length: width * height }, (_, i) => data[4 * i]);
  if (of === key()) loaded = { of, width, height, numbers };
}

async function choose(event) {
  if (!hasAreas() || $("divider").contains(event.target)) return;
  const box = $("frame").getBoundingClientRect();
  const [across, down] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  if (loaded?.of !== key()) await load();
  if (loaded?.of !== key()) return; // another picture came in between
  const within = (at, size) => Math.min(size - 1, Math.max(0, Math.floor(at * size)));
  const number = loaded.numbers[within(down, loaded.height) * loaded.width + within(across, loaded.width)];
  const name = number ? state.model.attributes[number - 1].name : "";
  light(name);
  showColors(name, [across * state.width, down * state.height]);
}

export function listenToAreas() {
  $("frame").addEventListener("click", (event) => choose(event).catch(tell));
}

onOpen(() => (loaded = null));
onShown(() => {
  $("frame").classList.toggle("areas", Boolean(hasAreas()));
});
