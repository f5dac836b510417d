// The page: models, the panel, and what its buttons do.

import { showBrush } from "./brush.js";
import { attributeField, chooseValues, markFields, randomColor } from "./colors.js";
import { markDoubts, nextDoubt } from "./doubts.js";
import { markSteps, onRestore, redo, remember, undo } from "./history.js";
import { forgetKind, suitModel } from "./kind.js";
import { listenToHints, markHints } from "./hints.js";
import { listenToKeys } from "./keys.js";
import { showLayers } from "./layers.js";
import { listenToFiles, onOpen } from "./open.js";
import { closePalette } from "./palette.js";
import { saveParts } from "./partsfile.js";
import { change, compare, drop, fit, tell } from "./picture.js";
import { dropPieces, onPieces, refreshPieces } from "./pieces.js";
import { listenToPointer, markTool } from "./pointer.js";
import { clearPreview, sketchLevels } from "./preview.js";
import { startReview } from "./review.js";
import { ask, askOfPicture } from "./server.js";
import { $, element, ofModel, query, recolorable, required, save, state, vivid, withCorrections } from "./state.js";
import { showVariants } from "./variants.js";

function chooseModel(name) {
  const model = state.models.find((each) => each.name === name);
  for (const radio of document.querySelectorAll("#models input")) radio.checked = radio.value === name;
  if (model === state.model) return;
  forgetKind();
  state.model = model;
  state.shape++;
  state.hidden.clear();
  state.values[name] ??= Object.fromEntries(
    required().map(({ name, values }, i) => [name, values[(3 + 2 * i) % values.length]]),
  );
  state.vivid[name] ??= model.vivid;
  const optional = model.attributes.filter((attribute) => attribute.default);
  $("attributes").replaceChildren(...required().map(attributeField));
  $("more-attributes").replaceChildren(...optional.map(attributeField));
  $("more-colors").hidden = !optional.length;
  $("more-names").textContent = optional.map((attribute) => attribute.name).join(", ");
  showBrush();
  if (state.id) {
    drop();
    refreshPanel();
    change();
  }
}

function refreshPanel() {
  const { model } = state;
  $("attributes").hidden = !model.attributes.length;
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
  $("tools").hidden = !model.parts.length && !model.takes_hints;
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
  button.disabled = true;
  try {
    save(await (await askOfPicture(tail, asked)).blob(), name);
    tell("");
  } catch (problem) {
    tell(problem);
  }
  button.disabled = false;
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
  listenToPointer();
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
      state.recolor = radio.value;
      change();
    });
  }
  $("undo").addEventListener("click", undo);
  $("redo").addEventListener("click", redo);
  $("next-doubt").addEventListener("click", () => nextDoubt());
  $("show-doubts").addEventListener("change", markDoubts);
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

onOpen(({ kind }) => {
  if (suitModel(kind, chooseModel)) return;
  refreshPanel();
  change();
});

onRestore(() => {
  markFields();
  markVivid();
  markHints();
  for (const radio of document.querySelectorAll("#paper input")) radio.checked = radio.value === state.paper;
  if (state.model.parts.length) refreshPieces().catch(tell);
  change();
});

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
  listen();
  await startReview();
}

start().catch(tell);
