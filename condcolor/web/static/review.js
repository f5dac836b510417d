// A review: the pictures in doubt of a folder, one after another; corrections are written back to it.

import { confirm } from "./correct.js";
import { doubts, nextDoubt } from "./doubts.js";
import { say, tell } from "./messages.js";
import { onOpen, open } from "./open.js";
import { onPieces, map } from "./pieces.js";
import { onShown } from "./picture.js";
import { ask } from "./server.js";
import { $, corrections, ofModel, pictureOf, state, withCorrections } from "./state.js";

let pictures = []; // { name, doubts, values }
let at = -1; // the picture that is shown
let opened = ""; // the corrections it was opened with
let ended = ""; // what is said after the last picture
let isFresh = false; // its pieces have not come yet
const saving = new Map(); // number -> promise
const unsaved = new Map(); // number -> why

const written = () => withCorrections(ofModel());

export async function startReview() {
  ({ pictures } = await (await ask("api/review")).json());
  if (!pictures.length) return;
  state.review = true;
  document.body.classList.add("reviewing");
  $("review").hidden = false;
  $("show-doubts").checked = true;
  $("review-next").addEventListener("click", () => go(at + 1));
  $("review-back").addEventListener("click", () => go(at - 1));
  $("review-right").addEventListener("click", confirmRest);
  document.addEventListener("keydown", press);
  window.addEventListener("beforeunload", (event) => {
    if (saving.size || unsaved.size || (at >= 0 && written() !== opened)) event.preventDefault();
  });
  await go(0);
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const onControl = event.target.closest("button, a, input, summary, select");
  if (event.key === "r" && !event.target.closest("input, select")) return confirmRest();
  const next = event.key === "PageDown" || (event.key === "Enter" && !onControl);
  if (!next && event.key !== "PageUp") return;
  event.preventDefault();
  go(at + (next ? 1 : -1));
}

// What is still in doubt is what it is taken for: on to the next picture.
function confirmRest() {
  if (!map()) return;
  confirm(doubts().map(({ number }) => number));
  go(at + 1);
}

async function go(number) {
  save();
  ended = "";
  if (number < 0) return;
  if (number >= pictures.length) return finish();
  await saving.get(number);
  const { name, values } = pictures[number];
  state.values[state.model.name] = { ...values };
  const sending = async () => (await ask(`api/review/${number}`, { method: "POST" })).json();
  const before = at;
  at = number;
  show();
  if (!(await open(pictureOf({ name, send: sending }))) && at === number) {
    opened = written();
    if (before < 0) $("panel").hidden = false; // a later one may be readable
  }
}

function show() {
  const { name, doubts } = pictures[at];
  $("review-at").textContent = `${at + 1} of ${pictures.length}`;
  $("review-name").textContent = name;
  $("review-doubts").textContent = doubts || "nothing is flagged any more";
  $("review-back").disabled = at === 0;
  $("review-problem").textContent = [...unsaved.values()].join("\n");
  $("review-problem").hidden = !unsaved.size;
}

// Have the corrections written, where there are other ones now.
function save() {
  if (at < 0 || written() === opened) return;
  const number = at, { name } = pictures[number], asked = written();
  opened = asked;
  const done = ask(`api/review/${number}/parts?${asked}`, { method: "PUT" })
    .then((answer) => answer.json())
    .then(({ doubts }) => {
      pictures[number].doubts = doubts;
      unsaved.delete(number);
      show();
    })
    .catch((problem) => {
      if (at === number) opened = ""; // so that it is tried again
      unsaved.set(number, `${name} is not saved: ${problem.message}`);
      show();
    })
    .finally(() => saving.get(number) === done && saving.delete(number));
  saving.set(number, done);
}

async function finish() {
  say("Saving…");
  await Promise.all(saving.values());
  if (unsaved.size) return say("");
  const left = pictures.filter(({ doubts }) => doubts).length;
  ended = left ? `That was the last one; ${left} still flagged` : "That was the last one; none is flagged any more";
  say(ended);
}

onShown(() => ended && say(ended)); // a colouring that comes later says how long it took

onOpen((sent) => {
  if (!state.review) return;
  opened = written();
  isFresh = true;
  if (sent.misfits.length) tell(sent.misfits.join("\n"));
  if (at + 1 < pictures.length) ask(`api/review/${at + 1}`, { method: "POST" }).catch(() => {}); // ahead of time
});

onPieces(() => {
  if (!isFresh || !map()) return;
  isFresh = false;
  $("pieces").focus({ preventScroll: true });
  nextDoubt();
});
