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

// Charts: a cursor at the pointer, and the values there in the legend.
const nearest = (points, step) => {
  let low = 0, high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle][0] < step) low = middle + 1; else high = middle;
  }
  return low && step - points[low - 1][0] < points[low][0] - step ? points[low - 1] : points[low];
};
for (const drawing of document.querySelectorAll(".chart svg[data-axis]")) {
  const [left, right, last] = JSON.parse(drawing.dataset.axis);
  const lines = JSON.parse(drawing.dataset.points);
  const legend = drawing.parentElement.querySelector(".legend");
  const at = legend.querySelector(".at"), values = legend.querySelectorAll("b");
  const cursor = drawing.querySelector(".cursor");
  const rest = [at.textContent, ...[...values].map((value) => value.textContent)];
  const move = (event) => {
    const box = drawing.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * drawing.viewBox.baseVal.width;
    const wanted = Math.max(0, Math.min(1, (x - left) / (right - left))) * last;
    const found = lines.map((points) => nearest(points, wanted));
    const step = found.reduce((best, point) =>
      Math.abs(point[0] - wanted) < Math.abs(best[0] - wanted) ? point : best)[0];
    const place = left + step / last * (right - left);
    cursor.setAttribute("x1", place); cursor.setAttribute("x2", place);
    cursor.classList.add("on");
    at.textContent = "step " + step.toLocaleString("en");
    lines.forEach((points, i) => { values[i].textContent = nearest(points, step)[1]; });
  };
  const leave = () => {
    cursor.classList.remove("on");
    at.textContent = rest[0];
    values.forEach((value, i) => { value.textContent = rest[i + 1]; });
  };
  drawing.addEventListener("pointermove", move);
  drawing.addEventListener("pointerdown", move);
  drawing.addEventListener("pointerleave", leave);
}
