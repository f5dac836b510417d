// The page itself: a sketch in, what is chosen, the picture out. What computes is worker.js.

const at = (id) => document.getElementById(id);
const worker = new Worker("worker.js", { type: "module" });
let schema, name, fresh, shown, opened = 0, busy = false, waiting = false;

worker.onmessage = ({ data }) => {
  if (data.schema) {
    schema = data.schema;
    at("attributes").replaceChildren(...schema.map(choices));
    say("Choose a sketch.");
    at("file").disabled = false;
  } else if (data.painted) {
    show(data);
    say(`${data.name}: ${data.painted.width} × ${data.painted.height} pixels in ${data.seconds.toFixed(2)} s`);
    rest();
  } else {
    fault(data.problem);
    rest();
  }
};
worker.onerror = () => fault("ONNX Runtime is not there: run ./setup.sh, and open the page again");

const USUAL = -1; // where nothing is asked for an attribute that has a default

/** A group of radio buttons for an attribute of the schema, each with the colour of its value. */
function choices(attribute, i) {
  const group = document.createElement("fieldset");
  group.append(Object.assign(document.createElement("legend"), { textContent: attribute.name }));
  const offered = attribute.values.map((value, j) => [value, j]);
  if (attribute.default) offered.unshift(["as usual", USUAL]);
  offered.forEach(([value, j], place) => {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name: `attribute ${i}`, value: j });
    input.checked = place === 0;
    input.addEventListener("change", paint);
    const swatch = Object.assign(document.createElement("span"), { className: "swatch" });
    swatch.style.background = attribute.palette?.[j] ?? "none";
    label.append(input, swatch, value);
    group.append(label);
  });
  return group;
}

const chosen = () => [...document.querySelectorAll("#attributes input:checked")].map((input) => Number(input.value));

/** Take a file in, on white where it is transparent. */
async function open(file) {
  if (!file || !schema) return;
  fault("");
  const turn = ++opened;
  try {
    const picture = pixels(await createImageBitmap(file));
    if (turn !== opened) return; // another came since
    fresh = picture;
  } catch {
    return fault(`${file.name} is not a picture that this browser opens`);
  }
  name = file.name.replace(/\.[^.]*$/, "");
  paint();
}

function pixels(image) {
  const { width, height } = image, context = new OffscreenCanvas(width, height).getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, width, height);
}

/** Ask for the picture; while one is made, only the last wish waits. */
function paint() {
  if (name === undefined) return;
  if (busy) { waiting = true; return; }
  busy = true;
  document.body.classList.add("busy");
  worker.postMessage({ values: chosen(), name, picture: fresh });
  fresh = undefined;
}

function rest() {
  busy = false;
  if (waiting) { waiting = false; paint(); return; }
  document.body.classList.remove("busy");
}

function show({ painted: picture, values, name }) {
  const canvas = at("picture");
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").putImageData(picture, 0, 0);
  const asked = schema.map(({ name, values: own }, i) => [name, own[values[i]]]).filter(([, value]) => value);
  const told = asked.map(([attribute, value]) => `${attribute} ${value}`);
  canvas.setAttribute("aria-label", ["The picture, coloured", told.join(", ")].filter(Boolean).join(": "));
  canvas.hidden = false;
  at("download").disabled = false;
  shown = [name, ...asked.map(([, value]) => value)].join("-");
}

const say = (text) => { at("status").textContent = text; };
const fault = (text) => { at("problem").textContent = text; };

at("file").addEventListener("change", ({ target }) => { open(target.files[0]); target.value = ""; });
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => { event.preventDefault(); open(event.dataTransfer.files[0]); });
at("download").addEventListener("click", () => {
  const download = `${shown}.png`;
  at("picture").toBlob((blob) => {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
});
