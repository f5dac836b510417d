// Undo and redo of colours, paper, layers, corrections and hints: one history, for each model.

import { $, corrections, hints, state, values, vivid } from "./state.js";

const STEPS = 50;
const MERGED = 600; // ms; changes of one kind that follow so quickly are one step, such as of a colour picker

let histories = {}; // of the picture that is open: model name -> { past, future, kind, at }
const listeners = []; // called when a step was undone or redone

const history = () => (histories[state.model.name] ??= { past: [], future: [], kind: "", at: 0 });

const now = () => ({
  values: { ...values() },
  vivid: vivid(),
  corrections: corrections(),
  hints: hints(),
  paper: state.paper,
  recolor: state.recolor,
  hidden: new Set(state.hidden),
});

export function onRestore(listener) {
  listeners.push(listener);
}

// To be called before a change; those of one kind may be one step.
export function remember(kind = "") {
  const own = history();
  const merged = kind && own.kind === kind && performance.now() - own.at < MERGED && own.past.length;
  Object.assign(own, { kind, at: performance.now(), future: [] });
  if (!merged) own.past = [...own.past, now()].slice(-STEPS);
  markSteps();
}

// A change was taken back by itself: it is no step.
export function forgetLast() {
  history().past.pop();
  markSteps();
}

// For another picture: its corrections are others.
export function takeHistories(own) {
  histories = own;
  markSteps();
}

export const undo = () => move("past", "future");
export const redo = () => move("future", "past");

function move(from, to) {
  const own = history();
  const step = own[from].pop();
  if (!step) return;
  own[to].push(now());
  own.kind = "";
  const name = state.model.name;
  Object.assign(state, { paper: step.paper, recolor: step.recolor, hidden: new Set(step.hidden) });
  state.values[name] = step.values;
  state.vivid[name] = step.vivid;
  state.corrections[name] = step.corrections;
  state.hints[name] = step.hints;
  markSteps();
  for (const listener of listeners) listener();
}

export function markSteps() {
  $("undo").disabled = !history().past.length;
  $("redo").disabled = !history().future.length;
}
