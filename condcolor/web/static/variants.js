// All variants, to click on.

import { chooseValues } from "./colors.js";
import { tell } from "./messages.js";
import { onChange } from "./picture.js";
import { askOfPicture } from "./server.js";
import { $, corrections, element, ofModel, required, state, values, withCorrections } from "./state.js";

const SETTLED = 800; // ms without a change, after which they are made anew with other corrections
let made = null; // the corrections they are made with
const GAP = 4; // pixels between the pictures of a sheet, and around them

function combinations() {
  return required().reduce(
    (rows, { name, values }) => rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  );
}

export async function showVariants() {
  const shape = state.shape;
  const grid = $("grid");
  grid.replaceChildren(element("p", { className: "hint", textContent: "Colouring all of them…" }));
  let sheet;
  try {
    const asked = ofModel();
    asked.set("labels", "no");
    sheet = await createImageBitmap(await (await askOfPicture("variants.png", withCorrections(asked))).blob());
  } catch (problem) {
    grid.replaceChildren();
    return tell(problem);
  }
  if (shape !== state.shape) return;
  made = corrections();
  const columns = required().at(-1).values.length;
  const across = (sheet.width - GAP) / columns; // a cell and the gap before it
  grid.style.gridTemplateColumns = `repeat(${columns}, minmax(48px, 1fr))`;
  const buttons = combinations().map((asked, i) => {
    const canvas = element("canvas", { width: across - GAP, height: across - GAP });
    const [x, y] = [(i % columns) * across + GAP, Math.floor(i / columns) * across + GAP];
    canvas.getContext("2d").drawImage(sheet, x, y, across - GAP, across - GAP, 0, 0, across - GAP, across - GAP);
    const words = Object.entries(asked).map((pair) => pair.join(" ")).join(", ");
    const button = element("button", { type: "button", title: words, tabIndex: i ? -1 : 0 }, canvas);
    button.asked = asked;
    button.setAttribute("aria-label", words);
    button.addEventListener("click", () => chooseValues(asked));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
      const next = step && buttons[i + step];
      if (!next) return;
      event.preventDefault();
      button.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
    return button;
  });
  grid.replaceChildren(...buttons);
  markVariant();
}

function markVariant() {
  for (const button of $("grid").querySelectorAll("button")) {
    const same = Object.entries(button.asked).every(([name, value]) => values()[name] === value);
    button.setAttribute("aria-pressed", String(same));
  }
}

let settling;
onChange(() => {
  markVariant();
  window.clearTimeout(settling);
  if (made === corrections() || !$("variants-details").open || $("variants").hidden) return;
  settling = window.setTimeout(showVariants, SETTLED);
});
