// The page: models, the panel, and what its buttons do.

import { listenToAddress, readAddress } from "./address.js";
import { listenToAreas } from "./areas.js";
import { showBrush } from "./brush.js";
import { listenToClipboard } from "./clipboard.js";
import { attributeField, chooseValues, markFields, randomColor } from "./colors.js";
import { markDoubts, nextDoubt } from "./doubts.js";
import { forgetLast, markSteps, onRestore, redo, remember, undo } from "./history.js";
import { listenToFiles } from "./files.js";
import { keepFocus } from "./focus.js";
import { forgetKind, suitModel } from "./kind.js";
import { listenToHints, markHints } from "./hints.js";
import { listenToKeys } from "./keys.js";
import { showLayers } from "./layers.js";
import { note, tell } from "./messages.js";
import { onOpen } from "./open.js";
import { listenToOwnColors, showOwnColors } from "./mycolors.js";
import { closePalette } from "./palette.js";
import { saveParts } from "./partsfile.js";
import { change, compare, drop, isColoring, isWhole, wholePicture } from "./picture.js";
import { dropPieces, onPieces, refreshPieces } from "./pieces.js";
import { listenToPointer, markTool } from "./pointer.js";
import { clearPreview, sketchLevels } from "./preview.js";
import { startReview } from "./review.js";
import { ask, askOfPicture } from "./server.js";
import { $, element, ofModel, query, recolorable, required, save, state, valuesOf, vivid, withCorrections } from "./state.js";
import "./saturation.js";
import { keepTray, readTray } from "./storage.js";
import { listenToTray, restoreTray } from "./tray.js";
import { showVariants } from "./variants.js";
import { fit, listenToView } from "./view.js";

function chooseModel(name) {
  const model = state.models.find((each) => each.name === name);
  for (const radio of document.querySelectorAll("#models input")) radio.checked = radio.value === name;
  if (model === state.model) return;
  forgetKind();
  state.model = model;
  state.shape++;
  state.hidden.clear();
  valuesOf(model);
  state.vivid[name] ??= model.vivid;
  const optional = model.attributes.filter((attribute) => attribute.default);
  $("attributes").replaceChildren(...required().map(attributeField));
  $("more-attributes").replaceChildren(...optional.map(attributeField));
  $("more-colors").hidden = !optional.length;
  $("more-names").textContent = optional.map((attribute) => attribute.name).join(", ");
  showBrush();
  if (state.picture) {
    drop();
    refreshPanel();
    change();
  }
}

function refreshPanel() {
  const { model } = state;
  $("attributes").hidden = !model.attributes.length;
  $("own-colors").hidden = !model.attributes.length;
  showOwnColors();
  $("vividness").hidden = model.vivid === null;
  $("recolor").hidden = !recolorable();
  markRecolor();
  markVivid();
  $("shuffle-row").hidden = !model.attributes.length;
  for (const id of ["layers", "download-ora", "download-psd", "download-svg", "paper"]) $(id).hidden = !model.any_color;
  $("variants").hidden = $("download-sheet").hidden = !model.variants;
  $("variants-title").textContent = `All ${model.variants} variants`;
  $("layer-list").replaceChildren();
  $("grid").replaceChildren();
  closePalette();
  clearPreview();
  dropPieces();
  for (const id of ["pieces", "tool", "corrections"]) $(id).hidden = !model.parts.length;
  markHints();
  markTool();
  markSteps();
  if (model.parts.length) refreshPieces().then((now) => now && sketchLevels()).catch(tell);
  if ($("layers").open) showLayers();
  if ($("variants-details").open) showVariants();
}

function markRecolor() {
  for (const radio of document.querySelectorAll("#recolor input")) radio.checked = radio.value === state.recolor;
}

function markVivid() {
  if (state.model.vivid === null) return;
  $("vivid").value = vivid();
  $("vivid-value").textContent = Number(vivid()).toFixed(2);
}

async function download(button, tail, asked, name) {
  if (button.ariaDisabled === "true") return; // it is under way; a disabled button would lose the focus
  button.ariaDisabled = "true";
  try {
    save(await (await askOfPicture(tail, asked)).blob(), name);
    note("", "downloads-told");
  } catch (problem) {
    tell(problem, "downloads-told");
  }
  button.ariaDisabled = "false";
}

function listenToSlider() {
  $("slider").addEventListener("input", () => compare(Number($("slider").value)));
  const drag = (event) => {
    const box = $("frame").getBoundingClientRect();
    compare((100 * (event.clientX - box.left)) / box.width);
  };
  $("divider").addEventListener("pointerdown", (event) => {
    event.preventDefault();
    $("divider").setPointerCapture(event.pointerId);
    $("divider").addEventListener("pointermove", drag);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    $("divider").addEventListener(end, () => $("divider").removeEventListener("pointermove", drag));
  }
}

function listen() {
  listenToFiles(chooseModel);
  listenToSlider();
  keepFocus();
  listenToView();
  listenToPointer();
  listenToAreas();
  listenToOwnColors();
  listenToClipboard();
  listenToTray();
  listenToHints();
  listenToKeys();
  window.addEventListener("resize", () => {
    fit();
    closePalette();
  });
  $("vivid").addEventListener("input", () => {
    remember("vivid");
    state.vivid[state.model.name] = Number($("vivid").value);
    markVivid();
    change();
  });
  $("shuffle").addEventListener("click", () =>
    chooseValues(Object.fromEntries(required().map(({ name, values }) => {
      const any = state.model.any_color && values.length > 1;
      return [name, any ? randomColor() : values[Math.floor(values.length * Math.random())]];
    }))),
  );
  for (const radio of document.querySelectorAll("#paper input")) {
    radio.addEventListener("change", () => {
      remember("paper");
      state.paper = radio.value;
      change();
    });
  }
  for (const radio of document.querySelectorAll("#recolor input")) {
    radio.addEventListener("change", () => {
      remember("recolor");
      state.recolor = radio.value;
      change();
    });
  }
  $("undo").addEventListener("click", undo);
  $("redo").addEventListener("click", redo);
  $("next-doubt").addEventListener("click", () => nextDoubt());
  $("show-doubts").addEventListener("change", markDoubts);
  $("download").addEventListener("click", downloadWhole);
  $("save-parts").addEventListener("click", saveParts);
  $("load-parts").addEventListener("click", () => $("parts-file").click());
  $("layers").addEventListener("toggle", () => $("layers").open && showLayers());
  $("variants-details").addEventListener("toggle", () => $("variants-details").open && showVariants());
  for (const suffix of ["ora", "psd", "svg"]) {
    $(`download-${suffix}`).addEventListener("click", (event) =>
      download(event.currentTarget, `layers.${suffix}`, query(), `${state.name}.${suffix}`));
  }
  $("download-sheet").addEventListener("click", (event) =>
    download(event.currentTarget, "variants.png", withCorrections(ofModel()), `${state.name}-sheet.png`));
}

// The link has the picture that is shown last; a click before the one that is asked for is there waits for that.
async function downloadWhole(event) {
  if (isWhole() || !isColoring()) return;
  event.preventDefault();
  try {
    const blob = await wholePicture();
    save(blob, $("download").download);
  } catch {
    // what is wrong is told already
  }
}

// Have the colours of another address, as one step that can be undone.
function changeAddress(read) {
  remember();
  if (!read()) return forgetLast();
  restore();
}

onOpen(({ kind }, { again }) => {
  if (!again && suitModel(kind, chooseModel)) return;
  refreshPanel();
  change();
});

function restore() {
  markFields();
  markVivid();
  markHints();
  markRecolor();
  for (const radio of document.querySelectorAll("#paper input")) radio.checked = radio.value === state.paper;
  if (!state.picture) return;
  if (state.model.parts.length) refreshPieces().catch(tell);
  change();
}

onRestore(restore);
onPieces(markTool);

async function start() {
  const told = await (await ask("api/models")).json();
  state.models = told.models;
  state.maxBytes = told.max_bytes;
  for (const { name } of told.models) {
    const input = element("input", { type: "radio", name: "model", value: name });
    input.addEventListener("change", () => chooseModel(name));
    $("models").append(element("label", { title: name }, input, name));
  }
  chooseModel(told.models[0].name);
  readAddress(chooseModel);
  restore();
  listen();
  await startReview();
  if (state.review) return;
  listenToAddress(chooseModel, changeAddress);
  const { pictures, at } = await readTray();
  keepTray();
  if (pictures.length && !state.tray.length) await restoreTray(pictures, at);
}

start().catch(tell);
