// The page: a drawing in, its parts coloured and corrected, PNG and SVG out. Everything happens in this browser.

import { described, firstValues, makeFields, surprise } from "./colors.js";
import { ask } from "./engine.js";
import { choosePiece, listenToPieces } from "./palette.js";
import { fit, show, viewOf } from "./picture.js";
import { $, begin, canRedo, canUndo, change, element, fills, levelsOf, NOTHING, onChange, partOf, redo, state, undo } from "./state.js";

const MOST = 5000; // pixels a side; a larger picture is reduced

let opened = 0; // counts pictures: what is found in an older one is not shown

async function start() {
  say("Loading the model…");
  try {
    state.config = await ask("load");
  } catch (error) {
    say("");
    return tell(error.message);
  }
  state.values = firstValues(state.config.schema);
  makeFields();
  for (const id of ["file", "choose"]) $(id).disabled = false;
  for (const sample of document.querySelectorAll(".sample")) sample.disabled = false;
  say("");
  navigator.serviceWorker?.register("sw.js").catch(() => {}); // without it, the page works while its server does
}

async function open(blob, name) {
  if (!state.config) return;
  const turn = ++opened;
  tell("");
  say("Finding the parts…");
  document.body.classList.add("busy");
  const started = performance.now();
  try {
    const pixels = await pixelsOf(blob, name);
    const { labels, white, ...found } = await ask("open", { pixels });
    const view = await viewOf({ pixels, white, labels });
    if (turn !== opened) return; // another picture was opened since
    state.size = [pixels.width, pixels.height];
    const wasEmpty = $("empty").contains(document.activeElement);
    $("empty").hidden = true;
    for (const id of ["full", "panel", "new"]) $(id).hidden = false;
    $("main").dataset.state = "full";
    $("paper").hidden = white === null;
    show(view);
    begin({ found, name: name.replace(/\.[^.]*$/, "") });
    choosePiece(NOTHING);
    if (wasEmpty) $("picture").focus({ preventScroll: true }); // what had the focus is gone
    const seconds = (performance.now() - started) / 1000;
    say(`${pixels.width} × ${pixels.height} pixels, parts found in ${seconds.toFixed(1)} s. Click a part that is wrong.`);
  } catch (error) {
    if (turn !== opened) return;
    say("");
    tell(error.message);
  } finally {
    if (turn === opened) document.body.classList.remove("busy");
  }
}

/** The pixels of a picture file, on white where it is transparent. */
async function pixelsOf(blob, name) {
  const image = await createImageBitmap(blob).catch(() => {
    throw new Error(`${name} is not a picture that this browser opens: choose a PNG, JPEG or WebP file.`);
  });
  const scale = Math.min(1, MOST / Math.max(image.width, image.height));
  const [width, height] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale)));
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

async function download(kind, given) {
  const words = described().replace(/[^\w]+/g, "-").replace(/^-+|-+$/g, "");
  try {
    const blob = await ask(kind, { paper: state.paper, ...given });
    const link = element("a", { href: URL.createObjectURL(blob), download: `${state.name}-${words || "colored"}.${kind}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    tell(error.message);
  }
}

const downloadPng = () => download("png", { fills: fills() });
const downloadSvg = () => {
  const parts = state.config.parts.map(({ name }, part) => ({ name, color: levelsOf(part) }));
  return download("svg", { parts, partOf: Array.from(state.found.part, (_, piece) => partOf(piece)) });
};

function say(text) { $("status").textContent = text; }
function tell(text) {
  $("problem").hidden = !text;
  $("problem").textContent = text;
}

const openFile = (file) => file && open(file, file.name);
$("file").addEventListener("change", ({ target }) => { openFile(target.files[0]); target.value = ""; });
for (const id of ["choose", "new"]) $(id).addEventListener("click", () => $("file").click());
for (const sample of document.querySelectorAll(".sample"))
  sample.addEventListener("click", async () => open(await (await fetch(sample.dataset.sample)).blob(), sample.dataset.sample));
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => { event.preventDefault(); openFile(event.dataTransfer.files[0]); });
addEventListener("paste", ({ clipboardData }) => openFile([...clipboardData.files].find(({ type }) => type.startsWith("image/"))));
$("undo").addEventListener("click", undo);
$("redo").addEventListener("click", redo);
$("surprise").addEventListener("click", surprise);
for (const radio of document.querySelectorAll("#paper input")) radio.addEventListener("change", () => change("paper", { paper: radio.value }));
$("png").addEventListener("click", downloadPng);
$("svg").addEventListener("click", downloadSvg);
onChange(() => {
  $("undo").disabled = !canUndo();
  $("redo").disabled = !canRedo();
  document.querySelector(`#paper input[value=${state.paper}]`).checked = true;
  fit();
});
listenToPieces();
start();
