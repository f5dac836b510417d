// The page: one picture, the colours asked for it, and what the server makes of both.
// What is shown is always a whole PNG from the server, and the same bytes are what is downloaded.

const $ = (id) => document.getElementById(id);

const OUTDATED = 150; // ms after which a request is given up for a newer one
const TYPING = 350; // ms without a key that end a colour's name
const RETRIES = 8; // while the server has too much to do
const LARGEST_VIEW = 0.7; // of the window's height, for a picture

const state = {
  models: [],
  model: null, // one of them
  file: null, // the Blob of the picture
  name: "", // its name without suffix
  id: null, // the server's name for it
  width: 0,
  height: 0,
  values: {}, // model name -> attribute -> what is asked
  vivid: {}, // model name -> factor
  hidden: new Set(), // layers
  shape: 0, // counts pictures and models chosen: what came for an older one is not shown
};

class Problem extends Error {}

// ---- asking the server

async function ask(path, options = {}) {
  for (let again = 0; ; again++) {
    let answer;
    try {
      answer = await fetch(path, { cache: "no-store", ...options });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Problem("The server does not answer. Is condcolor serve still running?");
    }
    if (answer.ok) return answer;
    if (answer.status === 503 && again < RETRIES) {
      const seconds = Number(answer.headers.get("Retry-After")) || 1;
      await new Promise((done) => setTimeout(done, 1000 * seconds * (0.5 + Math.random())));
      options.signal?.throwIfAborted();
      continue;
    }
    const told = await answer.json().catch(() => ({}));
    const problem = new Problem(told.error || `The server answered ${answer.status}.`);
    problem.status = answer.status;
    throw problem;
  }
}

async function send(file) {
  if (file.size > state.maxBytes) {
    throw new Problem(`More than ${state.maxBytes >> 20} MiB: choose a smaller picture.`);
  }
  const type = /^image\//.test(file.type) ? file.type : "application/octet-stream";
  const headers = { "Content-Type": type };
  return (await ask("api/sketches", { method: "POST", body: file, headers })).json();
}

// An answer about the picture. The server keeps pictures for a while only: one that is gone is sent again.
async function askOfPicture(tail, query = "", signal = undefined) {
  const path = () => `api/sketches/${state.id}/${tail}${query && `?${query}`}`;
  const before = state.id;
  try {
    return await ask(path(), { signal });
  } catch (problem) {
    if (problem.status !== 404) throw problem;
    if (state.id === before) state.id = (await send(state.file)).id;
    return ask(path(), { signal });
  }
}

function query({ hidden = false } = {}) {
  const asked = new URLSearchParams({ model: state.model.name });
  if (state.model.vivid !== null) asked.set("vivid", vivid());
  for (const [name, value] of Object.entries(values())) asked.append(name, value);
  if (hidden) for (const name of state.hidden) asked.append("hide", name);
  return asked.toString();
}

const values = () => state.values[state.model.name];
const vivid = () => state.vivid[state.model.name];

// ---- the picture: one request at a time, the latest wish next

let wanted = 0; // counts wishes
let running = null; // the request under way

function change() {
  wanted++;
  if (running && performance.now() - running.started > OUTDATED) running.abort.abort();
  if (!running) paint();
  window.clearTimeout(change.settled);
  change.settled = window.setTimeout(showLayerThumbnails, 400);
  markVariant();
}

async function paint() {
  let done = -1;
  while (done !== wanted && state.id) {
    const wish = wanted;
    const shape = state.shape;
    running = { started: performance.now(), abort: new AbortController() };
    const slow = window.setTimeout(() => document.body.classList.add("busy"), 200);
    try {
      const asked = query({ hidden: true });
      const answer = await askOfPicture("colored.png", asked, running.abort.signal);
      const image = await decoded(await answer.blob());
      if (shape === state.shape) {
        show(image, performance.now() - running.started);
        tell("");
      } else {
        URL.revokeObjectURL(image.src);
      }
    } catch (problem) {
      if (problem.name !== "AbortError" && wish === wanted) tell(problem);
    } finally {
      window.clearTimeout(slow);
      running = null;
      document.body.classList.remove("busy");
    }
    done = wish;
  }
}

async function decoded(blob) {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  await image.decode();
  return image;
}

// Put a decoded picture into the place of the last one: it is on screen with the next frame.
function show(image, milliseconds) {
  const old = $("after");
  image.id = "after";
  image.alt = `The picture, coloured: ${described() || "as a photograph"}`;
  old.replaceWith(image);
  if (old.src) URL.revokeObjectURL(old.src);
  $("download").href = image.src;
  $("download").download = `${state.name}-${[...Object.values(values() ?? {})].map(plain).join("-") || "colored"}.png`;
  if (milliseconds) say(`${state.width} × ${state.height}, coloured in ${Math.round(milliseconds)} ms`);
}

const plain = (text) => text.replace(/[^\w]+/g, "-").replace(/^-+|-+$/g, "");
const described = () => Object.entries(values() ?? {}).map((pair) => pair.join(" ")).join(", ");

function say(text) {
  $("status").textContent = [text, ...(state.notes ?? [])].filter(Boolean).join(" · ");
}

function tell(problem) {
  const text = typeof problem === "string" ? problem : problem.message;
  $("problem").hidden = !text;
  if ($("problem").textContent !== text) $("problem").textContent = text;
  for (const field of document.querySelectorAll(".any")) {
    field.setAttribute("aria-invalid", String(Boolean(text) && text.startsWith(field.dataset.name)));
  }
  if (problem instanceof Error && !(problem instanceof Problem)) console.error(problem);
}

// ---- opening a picture

async function open(file, name) {
  tell("");
  say("Opening…");
  let sent;
  try {
    sent = await send(file);
  } catch (problem) {
    say("");
    return tell(problem);
  }
  running?.abort.abort();
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

function fit() {
  if (!state.width) return;
  const narrow = window.matchMedia("(max-width: 859px)").matches;
  const height = window.innerHeight * (narrow ? 0.4 : LARGEST_VIEW);
  const scale = Math.min(height / state.height, $("full").clientWidth / state.width);
  for (const id of ["frame", "compare"]) $(id).style.width = `${Math.floor(state.width * scale)}px`;
  $("frame").style.height = `${Math.floor(state.height * scale)}px`;
}

function compare(percent) {
  const at = Math.min(100, Math.max(0, percent));
  $("slider").value = at;
  $("full").dataset.at = Math.round(at);
  $("frame").style.setProperty("--at", `${at}%`);
  $("slider").setAttribute("aria-valuetext", `${Math.round(at)} % of the width as it came`);
}

async function openSample(button) {
  const kind = button.dataset.kind === "photo";
  const fitting = state.models.find((model) => (model.vivid !== null) === kind);
  const chosen = (state.model.vivid !== null) === kind ? state.model : fitting;
  if (chosen) chooseModel(chosen.name);
  const place = button.dataset.sample;
  open(await (await ask(place)).blob(), place.split("/").pop());
}

// ---- models and their colours

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
    running?.abort.abort();
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
  $("layers").hidden = $("download-ora").hidden = !model.any_color;
  $("variants").hidden = $("download-sheet").hidden = !model.variants;
  $("variants-title").textContent = `All ${model.variants} variants`;
  $("layer-list").replaceChildren();
  $("grid").replaceChildren();
  if ($("layers").open) showLayers();
  if ($("variants-details").open) showVariants();
}

function element(tag, properties = {}, ...children) {
  const { data, ...own } = properties;
  const made = Object.assign(document.createElement(tag), own);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

function attributeField({ name, values, palette }) {
  const output = element("output");
  const radios = [];
  const radio = (value) => {
    const input = element("input", { type: "radio", name: `attribute ${name}`, value });
    input.addEventListener("change", () => choose(value));
    radios.push(input);
    return input;
  };
  const swatches = values.map((value, i) => {
    if (!palette[i]) return element("label", { className: "chip" }, radio(value), value);
    const dot = element("span", { className: "dot" });
    dot.style.background = palette[i];
    const unseen = element("span", { className: "unseen", textContent: value });
    return element("label", { className: "swatch", title: value }, radio(value), dot, unseen);
  });
  const left = (value) => element("label", { className: "chip" }, radio(value), value);
  const well = element("input", { type: "color", className: "well", title: "Any colour" });
  well.setAttribute("aria-label", `${name}: any colour`);
  const any = element("input", { type: "text", className: "any", placeholder: "#ff8800", data: { name } });
  Object.assign(any, { autocomplete: "off", spellcheck: false, maxLength: 200 });
  any.setAttribute("aria-label", `${name}: a colour's code or name, or a mix`);

  const mark = () => {
    const asked = state.values[state.model.name][name];
    const own = values.includes(asked) || ["none", "keep"].includes(asked);
    for (const each of radios) each.checked = each.value === asked;
    well.classList.toggle("chosen", !own);
    const at = values.indexOf(asked);
    well.value = (at >= 0 && palette[at]) || hexOf(asked) || well.value;
    if (document.activeElement !== any) any.value = own ? "" : asked;
    output.textContent = asked;
  };
  const choose = (value) => {
    state.values[state.model.name][name] = value;
    mark();
    change();
  };
  well.addEventListener("input", () => choose(well.value));
  let typing;
  const take = () => {
    window.clearTimeout(typing);
    const text = any.value.trim();
    if (text && text !== state.values[state.model.name][name]) choose(text);
  };
  any.addEventListener("input", () => {
    window.clearTimeout(typing);
    if (/^#[0-9a-f]{6}$/i.test(any.value.trim())) take();
    else typing = window.setTimeout(take, TYPING);
  });
  any.addEventListener("keydown", (event) => event.key === "Enter" && take());
  any.addEventListener("blur", take);

  const more = element("div", { className: "more" }, well, any, left("none"), left("keep"));
  const legend = element("legend", {}, element("span", { textContent: name }), output);
  const field = element(
    "fieldset",
    { className: "attribute", data: { name } },
    legend,
    element("div", { className: "swatches" }, ...swatches),
    more,
  );
  field.mark = mark;
  mark();
  return field;
}

function hexOf(text) {
  if (!CSS.supports("color", text)) return "";
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = text;
  return /^#[0-9a-f]{6}$/.test(context.fillStyle) ? context.fillStyle : "";
}

function chooseValues(chosen) {
  Object.assign(values(), chosen);
  for (const field of $("attributes").children) field.mark();
  change();
}

function randomColor() {
  const level = () => Math.floor(256 * Math.random()).toString(16).padStart(2, "0");
  return `#${level()}${level()}${level()}`;
}

// ---- layers

async function showLayers() {
  const shape = state.shape;
  try {
    const { layers } = await (await askOfPicture("layers", query())).json();
    if (shape !== state.shape) return;
    $("layer-list").replaceChildren(
      ...layers.reverse().map((name) => {
        const box = element("input", { type: "checkbox", checked: !state.hidden.has(name), value: name });
        box.addEventListener("change", () => {
          state.hidden[box.checked ? "delete" : "add"](name);
          change();
        });
        return element("li", {}, element("label", {}, box, element("span", { className: "thumb" }), name));
      }),
    );
    await showLayerThumbnails();
  } catch (problem) {
    tell(problem);
  }
}

async function showLayerThumbnails() {
  if (!$("layers").open || $("layers").hidden) return;
  const shape = state.shape;
  const asked = query();
  for (const box of $("layer-list").querySelectorAll("input")) {
    try {
      const answer = await askOfPicture(`layers/${encodeURIComponent(box.value)}.png`, asked);
      const image = await decoded(await answer.blob());
      if (shape !== state.shape || asked !== query()) return URL.revokeObjectURL(image.src);
      const old = box.nextElementSibling;
      image.alt = "";
      old.replaceWith(image);
      if (old.src) URL.revokeObjectURL(old.src);
    } catch {
      return; // they only decorate
    }
  }
}

// ---- all variants

function combinations() {
  return state.model.attributes.reduce(
    (rows, { name, values }) => rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  );
}

async function showVariants() {
  const shape = state.shape;
  const grid = $("grid");
  grid.replaceChildren(element("p", { className: "hint", textContent: "Colouring all of them…" }));
  let sheet;
  try {
    const asked = new URLSearchParams({ model: state.model.name, labels: "no" });
    sheet = await createImageBitmap(await (await askOfPicture("variants.png", asked.toString())).blob());
  } catch (problem) {
    grid.replaceChildren();
    return tell(problem);
  }
  if (shape !== state.shape) return;
  const columns = state.model.attributes.at(-1).values.length;
  const across = (sheet.width - 4) / columns; // a cell and the gap of 4 pixels before it
  grid.style.gridTemplateColumns = `repeat(${columns}, minmax(48px, 1fr))`;
  const buttons = combinations().map((asked, i) => {
    const canvas = element("canvas", { width: across - 4, height: across - 4 });
    const [x, y] = [(i % columns) * across + 4, Math.floor(i / columns) * across + 4];
    canvas.getContext("2d").drawImage(sheet, x, y, across - 4, across - 4, 0, 0, across - 4, across - 4);
    const words = Object.entries(asked).map((pair) => pair.join(" ")).join(", ");
    const button = element("button", { type: "button", title: words, tabIndex: i ? -1 : 0 }, canvas);
    button.asked = asked;
    button.setAttribute("aria-label", words);
    button.addEventListener("click", () => chooseValues(asked));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
      const next = step && buttons[i + step];
      if (!next) return;
      event.preventDefault();
      button.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
    return button;
  });
  grid.replaceChildren(...buttons);
  markVariant();
}

function markVariant() {
  for (const button of $("grid").querySelectorAll("button")) {
    const same = Object.entries(button.asked).every(([name, value]) => values()[name] === value);
    button.setAttribute("aria-pressed", String(same));
  }
}

// ---- downloads

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

// ---- everything that can happen

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
