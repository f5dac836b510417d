// The eyedropper: a colour from anywhere on the screen, where the browser has one.

import { $, element } from "./state.js";

// A button that takes a colour; null where the browser has no eyedropper.
export function eyedropper(take) {
  if (!("EyeDropper" in window)) return null;
  const button = element("button", { type: "button", className: "eyedropper", title: "Take a colour from the screen" });
  button.append($("pipette").content.cloneNode(true));
  button.setAttribute("aria-label", "Take a colour from the screen");
  button.addEventListener("click", async () => {
    let picked;
    try {
      picked = await new window.EyeDropper().open();
    } catch {
      return; // Escape was pressed
    }
    take(picked.sRGBHex);
  });
  return button;
}
