// From the map on the canvas to the one that is published, as keras_saliency/engines/last_steps.py
// has it. All take a map [h * w], its canvas, the picture's size and the fit.
import {fromCanvas} from './geometry.js';

const SALNET = [1, 4, 6, 4, 1].map(value => value / 16);
const JUNTINGNET = Array.from({length: 17}, (_, k) => Math.exp(-0.5 * ((k - 8) / 2) ** 2));

export const LAST_STEPS = {
  from_canvas: fromCanvas,
  density_from_canvas(map, canvas, size, fit) {
    const values = fromCanvas(map, canvas, size, fit);
    const sum = values.reduce((total, value) => total + value, 0);
    return values.map(value => value / sum);
  },
  ead: (map, canvas, size, fit) =>
    fromCanvas(map, canvas, size, fit).map(value => Math.max(value, 0)),
  salnet_deep(map, canvas, size, fit) {
    const levels = map.map(value => Math.min(Math.max(value * 128 + 127, 0), 255));
    return blur(fromCanvas(levels, canvas, size, fit), size, SALNET);
  },
  salnet_shallow: (map, canvas, size, fit) =>
    blur(fromCanvas(map, canvas, size, fit), size, JUNTINGNET),
};

/** A map under a separable filter that takes only what lies inside the picture. */
function blur(map, [height, width], profile) {
  const rows = filtered(map, height, width, width, 1, profile);
  return filtered(rows, width, height, 1, width, profile);
}

/** Along lines of `length` values `step` apart, of which there are `lines`, `stride` apart. */
function filtered(values, lines, length, stride, step, profile) {
  const half = profile.length >> 1, result = new Float32Array(values.length);
  for (let line = 0; line < lines; line++) {
    for (let k = 0; k < length; k++) {
      let sum = 0, weight = 0;
      for (let t = Math.max(-half, -k); t <= half && k + t < length; t++) {
        sum += profile[t + half] * values[line * stride + (k + t) * step];
        weight += profile[t + half];
      }
      result[line * stride + k * step] = sum / weight;
    }
  }
  return result;
}
