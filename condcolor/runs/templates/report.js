"use strict";

// Sample sheets: one moment at a time, by slider, buttons or arrow keys.
for (const book of document.querySelectorAll(".flip")) {
  const bar = book.querySelector(".bar");
  if (!bar) continue;
  const moments = book.querySelectorAll(".moment");
  const slider = bar.querySelector("input");
  const show = () => {
    moments.forEach((moment, i) => moment.classList.toggle("now", i === +slider.value));
    const label = moments[slider.value].querySelector("h3").textContent;
    bar.querySelector("output").textContent = label;
    slider.setAttribute("aria-valuetext", label);
  };
  const go = (by) => { slider.value = +slider.value + by; show(); };
  slider.addEventListener("input", show);
  for (const button of bar.querySelectorAll("button"))
    button.addEventListener("click", () => go(+button.dataset.by));
  book.querySelector(".pages").addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) { go(by); event.preventDefault(); }
  });
  book.classList.add("flips");
  bar.hidden = false;
  show();
}
