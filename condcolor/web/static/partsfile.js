// x.parts.json: the corrections taken home, and brought back.

import { correctionOf, take } from "./correct.js";
import { say, tell } from "./picture.js";
import { askOfPicture } from "./server.js";
import { ofModel, save, state, withCorrections } from "./state.js";

export const isPartsFile = (file) => /\.json$/i.test(file.name) || file.type === "application/json";

export async function saveParts() {
  try {
    const answer = await askOfPicture("parts.json", withCorrections(ofModel()));
    save(await answer.blob(), `${state.name}.parts.json`);
    tell("");
  } catch (problem) {
    tell(problem);
  }
}

export async function loadParts(file) {
  if (!state.id || !state.model.parts.length) {
    return tell("Open the drawing first, with a model that finds parts; then its parts.");
  }
  const shape = state.shape;
  try {
    const options = { method: "POST", body: file, headers: { "Content-Type": "application/json" } };
    const told = await (await askOfPicture("parts.json", ofModel().toString(), options)).json();
    if (shape !== state.shape || !take(told.corrections.map(correctionOf))) return;
    const count = told.corrections.length;
    say(`${count === 1 ? "1 correction" : `${count} corrections`} of ${file.name}`);
    tell(told.misfits.join("\n"));
  } catch (problem) {
    tell(problem);
  }
}
