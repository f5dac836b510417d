// The brush's part: what dragging gives to pieces.

import { keysHere, word } from "./palette.js";
import { onPieces } from "./pieces.js";
import { $, element, state } from "./state.js";

export function showBrush() {
  $("brush-parts").replaceChildren(
    ...keysHere().map(([, part]) => {
      const radio = element("input", { type: "radio", name: "brush", value: part });
      radio.addEventListener("change", () => (state.brush = part));
      return element("label", { className: "chip" }, radio, word(part));
    }),
  );
}

onPieces(() => {
  for (const radio of document.querySelectorAll("#brush-parts input")) radio.checked = radio.value === state.brush;
});
