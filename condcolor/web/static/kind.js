// A drawing or a photograph: the model that is made for the picture is chosen, with a way back.

import { $, state } from "./state.js";

// The model for this kind of picture: the one in use, unless that is made for the other kind.
export function modelFor(kind) {
  const { model } = state;
  const differs = kind && model.made_for && model.made_for !== kind && !state.review;
  return (differs && state.models.find((each) => each.made_for === kind)) || model;
}

// Choose the model made for this kind of picture; false where the model in use stays.
export function suitModel(kind, chooseModel) {
  const { model } = state, suited = modelFor(kind);
  forgetKind();
  if (suited === model) return false;
  chooseModel(suited.name);
  $("kind-text").textContent = `This looks like a ${kind}: the model is now ${suited.name}.`;
  $("kind-back").textContent = `Back to ${model.name}`;
  $("kind-back").onclick = () => chooseModel(model.name);
  $("kind").hidden = false;
  return true;
}

export function forgetKind() {
  $("kind").hidden = true;
}
