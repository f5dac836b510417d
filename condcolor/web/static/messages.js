// What the page says, beside what it is about. Problems are alerts, notes are statuses: screen readers read both out.

import { $, state } from "./state.js";

export class Problem extends Error {}

let said = "";

// The line below the picture: what was done last, and the notes on the picture.
export function say(text = said) {
  said = text;
  $("status").textContent = [text, ...(state.notes ?? [])].filter(Boolean).join(" · ");
}

// Say a problem at a place, by default below the picture; none, where the text is empty.
export function tell(problem, place = "problem") {
  const text = typeof problem === "string" ? problem : problem.message;
  put($(place), text, true);
  if (problem instanceof Error && !(problem instanceof Problem)) console.error(problem);
}

// Say at a place that something was done.
export function note(text, place) {
  put($(place), text, false);
}

// Say what the server finds wrong: a line that begins with a colour's field is put there, the rest below the picture.
export function tellOfColors(problem) {
  if (!(problem instanceof Problem)) return tell(problem);
  const fields = [...document.querySelectorAll(".attribute")].filter((field) => field.checkVisibility());
  const rest = [];
  for (const line of problem.message.split("\n")) {
    const names = (field) => line.startsWith(`${field.dataset.told} `) || line.startsWith(`${field.dataset.told}:`);
    const field = fields.find(names);
    if (field) tellField(field, line);
    else rest.push(line);
  }
  if (rest.length) tell(rest.join("\n"));
}

function tellField(field, text) {
  put(field.querySelector(".told"), text, true);
  field.querySelector(".any").setAttribute("aria-invalid", String(Boolean(text)));
}

// Problems are of the colours that were asked for last.
export function forgetProblems() {
  tell("");
  for (const field of document.querySelectorAll(".attribute")) tellField(field, "");
}

function put(element, text, isProblem) {
  element.hidden = !text;
  element.classList.toggle("problem", isProblem);
  if (element.textContent !== text) element.textContent = text;
}
