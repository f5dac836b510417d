// The page: opening pictures, choosing models, and everything that can happen.

import { attributeField, chooseValues, randomColor } from "./colors.js";
import { findDoubts, markDoubts } from "./doubts.js";
import { showLayers } from "./layers.js";
import { change, compare, decoded, drop, fit, say, tell } from "./picture.js";
import { ask, askOfPicture, send } from "./server.js";
import { $, element, query, state, vivid } from "./state.js";
import { showVariants } from "./variants.js";

let openings = 0;

async function open(file, name) {
  const mine = ++openings;
  tell("");
  say("Opening…");
  let sent;
  try {
    sent = await send(file);
  } catch (problem) {
    if (mine !== openings) return;
    say("");
    return tell(problem);
  }
  if (mine !== openings) return; // a newer one is on its way
  drop();
  Object.assign(state, { file, id: sent.id, width: sent.width, height: sent.height, notes: sent.notes });
  state.name = name.replace(/\.[^.]*$/, "") || "picture";
  state.shape++;
  state.hidden.clear();
  try {
    const image = await decoded(await (await askOfPicture("sketch.png")).blob());
    const before = $("before");
    if (before.src) URL.revokeObjectURL(before.src);
    image.id = "before";
    image.alt = "The picture as it came";
    before.replaceWith(image);
  } catch (problem) {
    return tell(problem);
  }
  if (!$("after").src) $("after").src = $("before").src;
  $("main").dataset.state = "full";
  for (const id of ["full", "panel", "choose-other"]) $(id).hidden = false;
  $("empty").hidden = true;
  fit();
  compare(0);
  refreshPanel();
  change();
}

async function openSample(button) {
  const photograph = "photograph" in button.dataset;
  const fits = (model) => (model.vivid !== null) === photograph;
  const chosen = fits(state.model) ? state.model : state.models.find(fits);
  if (chosen) chooseModel(chosen.name);
  const place = button.dataset.sample;
  open(await (await ask(place)).blob(), place.split("/").pop());
}

function chooseModel(name) {
  const model = state.models.find((each) => each.name === name);
  for (const radio of document.querySelectorAll("#models input")) radio.checked = radio.value === name;
  if (model === state.model) return;
  state.model = model;
  state.shape++;
  state.hidden.clear();
  state.values[name] ??= Object.fromEntries(
    model.attributes.map(({ name, values }, i) => [name, values[(3 + 2 * i) % values.length]]),
  );
  state.vivid[name] ??= model.vivid;
  $("attributes").replaceChildren(...model.attributes.map(attributeField));
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
  if (model.vivid !== null) {
    $("vivid").value = vivid();
    $("vivid-value").textContent = Number(vivid()).toFixed(2);
  }
  $("shuffle-row").hidden = !model.attributes.length;
  $("layers").hidden = $("download-ora").hidden = $("paper").hidden = !model.any_color;
  $("variants").hidden = $("download-sheet").hidden = !model.variants;
  $("variants-title").textContent = `All ${model.variants} variants`;
  $("layer-list").replaceChildren();
  $("grid").replaceChildren();
  findDoubts();
  if ($("layers").open) showLayers();
  if ($("variants-details").open) showVariants();
}

async function download(button, tail, asked, name) {
  button.disabled = true;
  try {
    const blob = await (await askOfPicture(tail, asked)).blob();
    const link = element("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    tell("");
  } catch (problem) {
    tell(problem);
  }
  button.disabled = false;
}

function listen() {
  for (const id of ["choose", "choose-other"]) $(id).addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => {
    const [file] = $("file").files;
    if (file) open(file, file.name);
    $("file").value = "";
  });
  for (const button of document.querySelectorAll(".sample")) {
    button.addEventListener("click", () => openSample(button).catch(tell));
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
    const [file] = event.dataTransfer.files;
    if (file) open(file, file.name);
    else tell("Drop a picture's file: pictures of other pages are not fetched.");
  });
  document.addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    if (file) open(file, file.name);
  });
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
  window.addEventListener("resize", fit);
  $("vivid").addEventListener("input", () => {
    state.vivid[state.model.name] = Number($("vivid").value);
    $("vivid-value").textContent = vivid().toFixed(2);
    change();
  });
  $("shuffle").addEventListener("click", () =>
    chooseValues(Object.fromEntries(state.model.attributes.map(({ name, values }) => {
      const any = state.model.any_color && values.length > 1;
      return [name, any ? randomColor() : values[Math.floor(values.length * Math.random())]];
    }))),
  );
  for (const radio of document.querySelectorAll("#paper input")) {
    radio.addEventListener("change", () => {
      state.paper = radio.value;
      change();
    });
  }
  $("show-doubts").addEventListener("change", markDoubts);
  $("layers").addEventListener("toggle", () => $("layers").open && showLayers());
  $("variants-details").addEventListener("toggle", () => $("variants-details").open && showVariants());
  $("download-ora").addEventListener("click", (event) =>
    download(event.currentTarget, "layers.ora", query(), `${state.name}.ora`));
  $("download-sheet").addEventListener("click", (event) =>
    download(event.currentTarget, "variants.png", new URLSearchParams({ model: state.model.name }).toString(), `${state.name}-sheet.png`));
}

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
}

start().catch(tell);
