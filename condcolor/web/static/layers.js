// The list of layers, each shown or hidden.

import { onRestore, remember } from "./history.js";
import { tell } from "./messages.js";
import { change, decoded, onChange } from "./picture.js";
import { askOfPicture } from "./server.js";
import { $, element, query, state } from "./state.js";

const SETTLED = 400; // ms without a change, after which the list's pictures are made anew

export async function showLayers() {
  const shape = state.shape;
  try {
    const { layers } = await (await askOfPicture("layers", query())).json();
    if (shape !== state.shape) return;
    $("layer-list").replaceChildren(
      ...layers.reverse().map((name) => {
        const box = element("input", { type: "checkbox", checked: !state.hidden.has(name), value: name });
        box.addEventListener("change", () => {
          remember();
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

onRestore(() => {
  for (const box of $("layer-list").querySelectorAll("input")) box.checked = !state.hidden.has(box.value);
});

let settling;
onChange(() => {
  window.clearTimeout(settling);
  settling = window.setTimeout(showLayerThumbnails, SETTLED);
});
