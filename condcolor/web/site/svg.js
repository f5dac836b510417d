// A coloured drawing as SVG: a group of closed paths for each part, named as in `condcolor layers`, the lines on top.

import { filled, joined, sizesOf } from "./grids.js";
import { pathAround } from "./contours.js";

const FILL_TOLERANCE = 0.6; // pixels, of outlines that lie under lines
const BLACK = 0.3, LEAST_LIGHT = 0.15; // of white, and of a piece: with fewer pixels that are lighter, it is ink
const STEP = 8; // levels of 255 between shades of pieces
const TAKEN = ["lines", "paper", "rest"]; // names of groups that are not parts

/**
 * The text of an SVG file.
 *
 * light: RGBA of the drawing. labels: the piece of each pixel. parts: [{name, color}], color [red, green, blue]; the first
 * one is the ground, the second what is no part of a person. partOf: the part of each piece.
 */
export function toSvg({ width, height, light, labels, parts, partOf }) {
  const shades = shadesOf(light, labels, partOf.length), colors = partOf.map((part, piece) => hexOf(parts[part].color, shades[piece]));
  const groups = parts.slice(1).flatMap(({ name }, i) => {
    const id = i === 0 ? "rest" : TAKEN.includes(name) ? `${name}-part` : name, own = partOf.map((part) => part === i + 1);
    const paths = [...new Set(colors.filter((_, piece) => own[piece]))].map((color) => {
      const isOf = own.map((is, piece) => Number(is && colors[piece] === color)), mask = filled(Float32Array, labels.length, (at) => isOf[labels[at]]);
      const soft = joined(mask, width, (a, b, c) => (a + b + c) / 3); // steps of pixels become slopes
      const path = pathAround((at) => soft[at], width, height, FILL_TOLERANCE);
      // a stroke of the same colour, so that nothing shows between two parts
      return path && `<path fill="${color}" stroke="${color}" stroke-linejoin="round" fill-rule="evenodd" d="${path}"/>`;
    });
    return paths.some(Boolean) ? [group(id, paths.join(""))] : [];
  });
  const ink = filled(Float32Array, labels.length, (i) => 1 - lightness(light, i) / shades[labels[i]]);
  const lines = pathAround((i) => ink[i], width, height);
  const size = `width="${width}" height="${height}"`, ground = hexOf(parts[0].color, usualShade(labels, shades, partOf));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${width} ${height}">`,
    group("paper", `<rect ${size} fill="${ground}"/>`),
    ...groups,
    group("lines", `<path fill="#000" fill-rule="evenodd" d="${lines}"/>`),
    "</svg>\n",
  ].join("\n");
}

const group = (id, content) => `<g id="${escaped(id)}"><title>${escaped(id)}</title>${content}</g>`;
const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const hexOf = (color, shade) => `#${color.map((level) => Math.round(level * shade).toString(16).padStart(2, "0")).join("")}`;
const lightness = (light, i) => (light[4 * i] + light[4 * i + 1] + light[4 * i + 2]) / 765;

/** How light each piece is between its lines, 0 to 1, as most of its pixels have it; 1 for what is ink itself. */
function shadesOf(light, labels, count) {
  const bins = Math.floor(255 / STEP) + 1, seen = new Int32Array(count * bins);
  labels.forEach((piece, i) => seen[piece * bins + Math.floor((lightness(light, i) * 255) / STEP)]++);
  return Array.from({ length: count }, (_, piece) => {
    const own = seen.subarray(piece * bins, (piece + 1) * bins);
    const first = Math.ceil((BLACK * 255) / STEP), usual = own.indexOf(Math.max(...own.subarray(first)), first);
    const sum = (sizes) => sizes.reduce((total, size) => total + size, 0), isInk = sum(own.subarray(first)) < LEAST_LIGHT * sum(own);
    return isInk || usual >= bins - 1 ? 1 : ((usual + 0.5) * STEP) / 255;
  });
}

/** The shade of the largest piece of the ground. */
function usualShade(labels, shades, partOf) {
  const sizes = sizesOf(labels, partOf.length).map((size, piece) => (partOf[piece] === 0 ? size : 0));
  return shades[sizes.indexOf(Math.max(...sizes))];
}
