// Corrections: pieces get a part, a line divides them. Each is one step of the history.

import { forgetLast, remember } from "./history.js";
import { say, tell } from "./messages.js";
import { change } from "./picture.js";
import { numberAt, personOf, pieces, refreshPieces } from "./pieces.js";
import { corrections, state } from "./state.js";

const MOST = 500; // corrections, as the server has it
const POINTS = 40; // of a line

let isCutting = false; // the server has not said yet whether a line divides something

// Give these pieces a part.
export function give(numbers, part) {
  const given = [...numbers].filter((number) => pieces().has(number));
  state.brush = part;
  if (!given.length || given.every((n) => pieces().get(n).set && pieces().get(n).part === part)) return;
  const list = corrections();
  const cuts = list.findLastIndex(({ kind }) => kind === "cut") + 1;
  const others = list.slice(cuts).filter(({ point, part }) => !part || !given.includes(numberAt(...point)));
  take([...list.slice(0, cuts), ...others, ...made(given, part)]);
}

// Give these pieces to a person, from 1.
export function giveTo(numbers, person) {
  const given = [...numbers].filter((number) => pieces().has(number));
  if (given.every((number) => personOf(number) === person)) return;
  const list = corrections();
  const cuts = list.findLastIndex(({ kind }) => kind === "cut") + 1;
  const others = list.slice(cuts).filter(({ point, part }) => part || !given.includes(numberAt(...point)));
  take([...list.slice(0, cuts), ...others, ...made(given, `person-${person}`)]);
}

const made = (numbers, what) => numbers.map((number) => correctionOf(`${pieces().get(number).point.join(",")}=${what}`));

// Say that pieces are what they are taken for, in one step.
export function confirm(numbers) {
  if (numbers.length) take([...corrections(), ...numbers.flatMap((number) => made([number], pieces().get(number).part))]);
}

// Divide the pieces along a line of points, [x, y] in pixels of the picture.
export async function cut(line) {
  const text = simplified(line).map((point) => point.join(",")).join(":");
  const list = [...corrections(), { kind: "cut", text }];
  if (isCutting || isTooMany(list)) return;
  isCutting = true;
  remember();
  const before = corrections(), shape = state.shape;
  state.corrections[state.model.name] = list;
  say("Cutting…");
  try {
    await refreshPieces();
    say("");
    change();
  } catch (problem) {
    if (shape !== state.shape || corrections() !== list) return;
    state.corrections[state.model.name] = before;
    forgetLast();
    say("");
    tell(problem);
  } finally {
    isCutting = false;
  }
}

// Have these corrections in place of the ones there are; true where they are made.
export function take(list) {
  if (isCutting || isTooMany(list)) return false;
  remember();
  state.corrections[state.model.name] = list;
  refreshPieces().catch(tell);
  change();
  return true;
}

function isTooMany(list) {
  const most = list.length > MOST;
  if (most) tell(`More than ${MOST} corrections: save the parts, and go on with condcolor parts.`);
  return most;
}

// The correction that a text such as `120,80=hair`, `120,80=person-2` or `10,20:30,40` is.
export function correctionOf(text) {
  const [at, what] = text.split("=");
  if (what === undefined) return { kind: "cut", text };
  const point = at.split(",").map(Number);
  const person = Number(what.match(/^person-(\d+)$/)?.[1]);
  return { kind: "part", text, point, ...(person ? { person } : { part: what }) };
}

// The line with only the points that give it its form.
function simplified(line) {
  const points = line.map((point) => point.map(Math.floor));
  for (let slack = 1; ; slack *= 1.5) {
    const kept = straightened(points, slack);
    if (kept.length <= POINTS) return kept;
  }
}

function straightened(points, slack) {
  if (points.length < 3) return points;
  const [[x, y], [u, v]] = [points[0], points.at(-1)];
  const length = Math.hypot(u - x, v - y);
  const off = points.map(([a, b]) => (length ? Math.abs((u - x) * (b - y) - (v - y) * (a - x)) / length : Math.hypot(a - x, b - y)));
  const most = off.indexOf(Math.max(...off));
  if (off[most] <= slack) return [points[0], points.at(-1)];
  return [...straightened(points.slice(0, most + 1), slack), ...straightened(points.slice(most), slack).slice(1)];
}
