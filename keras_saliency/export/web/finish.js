// From the map on the canvas to the published one, as keras_saliency/maps/finish.py describes it.
import {fromCanvas} from './geometry.js';

/**
 * @param map of the canvas [h * w]; canvas, size of the picture, fit: as of `fromCanvas`.
 * @param finish {scale, shift, clip, blur, lower, normalise}, as model.json holds it.
 * @returns the published map [H * W].
 */
export function finished(map, canvas, size, fit, {scale, shift, clip, blur, lower, normalise}) {
  let values = map;
  if (scale !== 1 || shift !== 0) values = values.map(value => value * scale + shift);
  if (clip) values = values.map(value => Math.min(Math.max(value, clip[0]), clip[1]));
  values = fromCanvas(values, canvas, size, fit);
  if (blur.length) values = blurred(values, size, blur);
  if (lower !== null) values = values.map(value => Math.max(value, lower));
  if (!normalise) return values;
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map(value => value / sum);
}

/** A map under a separable filter that takes only what lies inside the picture. */
function blurred(map, [height, width], profile) {
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
