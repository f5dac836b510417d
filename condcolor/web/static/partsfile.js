// x.parts.json: the corrections taken home, and brought back.

import { correctionOf, take } from "./correct.js";
import { note, tell } from "./messages.js";
import { askOfPicture } from "./server.js";
import { ofModel, save, state, withCorrections } from "./state.js";

const PLACE = "corrections-told";

export const isJson = (file) => /\.json$/i.test(file.name) || file.type === "application/json";

// Whether a JSON file is one of parts, and no palette.
export const isPartsFile = async (file) => /\.parts\.json$/i.test(file.name) || /"corrections"\s*:/.test(await file.text());

export async function saveParts() {
  try {
    const answer = await askOfPicture("parts.json", withCorrections(ofModel()));
    save(await answer.blob(), `${state.name}.parts.json`);
    note("", PLACE);
  } catch (problem) {
    tell(problem, PLACE);
  }
}

export async function loadParts(file) {
  if (!state.picture || !state.model.parts.length) {
    return tell("Open the drawing first, with a model that finds parts; then its parts.", state.picture ? PLACE : "problem");
  }
  const shape = state.shape;
  try {
    const options = { method: "POST", body: file, headers: { "Content-Type": "application/json" } };
    const told = await (await askOfPicture("parts.json", ofModel().toString(), options)).json();
    if (shape !== state.shape || !take(told.corrections.map(correctionOf))) return;
    const count = told.corrections.length;
    note(`${count === 1 ? "1 correction" : `${count} corrections`} of ${file.name}`, PLACE);
    if (told.misfits.length) tell(told.misfits.join("\n"), PLACE);
  } catch (problem) {
    tell(problem, PLACE);
  }
}
