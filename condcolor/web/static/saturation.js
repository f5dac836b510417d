// The vividness of a photograph, at once: the last picture is saturated until the server's comes.

import { onAsk, onChange, onShown } from "./picture.js";
import { $, state, vivid } from "./state.js";

let asked = null; // the factor of the picture that is under way
let shown = null; // and of the one on screen

function saturate() {
  const isNeeded = state.model.vivid !== null && !(state.hasColors && state.recolor !== "all") && shown && vivid() !== shown;
  $("after").style.filter = isNeeded ? `saturate(${vivid() / shown})` : "";
}

onAsk(() => (asked = vivid()));
onShown(() => {
  shown = asked;
  saturate();
});
onChange(saturate);
