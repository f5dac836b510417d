// Files come in: chosen, dropped, pasted, or a sample; pictures, files of parts, palettes.

import { readPicture } from "./clipboard.js";
import { tell } from "./messages.js";
import { loadPalette } from "./mycolors.js";
import { isJson, isPartsFile, loadParts } from "./partsfile.js";
import { ask } from "./server.js";
import { $, state } from "./state.js";
import { openFiles } from "./tray.js";

// Open the pictures among these files; take the colours of a palette and the corrections of a file of parts.
async function openAll(files) {
  const pictures = files.filter((file) => !isJson(file));
  if (pictures.length && state.review) return tell("Here pictures are gone through: open another one without --review.");
  if (pictures.length && !(await openFiles(pictures))) return;
  for (const file of files.filter(isJson)) await ((await isPartsFile(file)) ? loadParts(file) : loadPalette(file));
}

async function openSample(button, chooseModel) {
  const photograph = "photograph" in button.dataset;
  const fits = (model) => (model.vivid !== null) === photograph;
  const chosen = fits(state.model) ? state.model : state.models.find(fits);
  if (chosen) chooseModel(chosen.name);
  const place = button.dataset.sample;
  const blob = await (await ask(place)).blob();
  openFiles([new File([blob], place.split("/").pop(), { type: blob.type })]);
}

async function paste() {
  try {
    await openAll([await readPicture()]);
  } catch (problem) {
    tell(problem);
  }
}

export function listenToFiles(chooseModel) {
  for (const id of ["choose", "choose-other"]) $(id).addEventListener("click", () => $("file").click());
  for (const [id, take] of [["file", openAll], ["parts-file", ([file]) => file && loadParts(file)]]) {
    $(id).addEventListener("change", () => {
      take([...$(id).files]);
      $(id).value = "";
    });
  }
  for (const button of document.querySelectorAll(".sample")) {
    button.addEventListener("click", () => openSample(button, chooseModel).catch(tell));
  }
  let depth = 0;
  const over = (by) => {
    depth = by ? Math.max(0, depth + by) : 0;
    document.body.classList.toggle("dragged", depth > 0);
  };
  document.addEventListener("dragenter", () => over(1));
  document.addEventListener("dragleave", () => over(-1));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    over(0);
    const files = [...event.dataTransfer.files];
    if (files.length) openAll(files);
    else tell("Drop a picture's file: pictures of other pages are not fetched.");
  });
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length) openAll(files);
  });
  $("paste").hidden = !navigator.clipboard?.read;
  $("paste").addEventListener("click", paste);
}
