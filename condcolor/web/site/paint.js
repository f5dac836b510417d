// A drawing in the colours of its pieces: each level of the drawing times the fill of the piece, as condcolor paints it.

/**
 * Paint a drawing.
 *
 * light, out: RGBA, 0 to 255. labels: the piece of each pixel. fills: [red, green, blue] of each piece, one after another.
 */
export function paint(light, labels, fills, out) {
  for (let i = 0, at = 0; i < labels.length; i++, at += 4) {
    const fill = 3 * labels[i];
    out[at] = ((light[at] * fills[fill] + 127) / 255) | 0; // rounded: there are no ties
    out[at + 1] = ((light[at + 1] * fills[fill + 1] + 127) / 255) | 0;
    out[at + 2] = ((light[at + 2] * fills[fill + 2] + 127) / 255) | 0;
    out[at + 3] = 255;
  }
}
