// The clipboard: the coloured picture goes to it, a picture comes from it.

import { note, Problem, tell } from "./messages.js";
import { wholePicture } from "./picture.js";
import { $ } from "./state.js";

const PLACE = "downloads-told";

// Copy the picture as it is downloaded; it may still be on its way.
export async function copyPicture() {
  const picture = wholePicture();
  picture.catch(() => {}); // it is told below
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
    note("Copied: paste it into a document or a message.", PLACE);
  } catch (problem) {
    tell(`It could not be copied: ${problem.message}`, PLACE);
  }
}

// The picture in the clipboard as a file. Throws a Problem where there is none.
export async function readPicture() {
  let items;
  try {
    items = await navigator.clipboard.read();
  } catch {
    throw new Problem("The browser does not let the page read the clipboard: press Ctrl-V.");
  }
  for (const item of items) {
    const type = item.types.find((each) => each.startsWith("image/"));
    if (type) return new File([await item.getType(type)], `pasted.${type.slice(6).replace("jpeg", "jpg")}`, { type });
  }
  throw new Problem("There is no picture in the clipboard.");
}

export const canCopy = () => Boolean(navigator.clipboard?.write && window.ClipboardItem);

export function listenToClipboard() {
  $("copy").hidden = !canCopy();
  $("copy").addEventListener("click", copyPicture);
}
