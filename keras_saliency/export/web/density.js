// What a map says as a density: contours that hold a share of it, and false colours.
import {range} from './geometry.js';

const LEVELS = 4096;       // in which the values of a map are sorted
const LONGEST_DRAWN = 1024;

/** The values above which lie the given shares of a map's sum, in their order. */
export function contourValues(map, shares) {
  const [low, high] = range(map);
  const step = (high - low) / LEVELS || 1;
  const sums = new Float64Array(LEVELS + 1);
  let total = 0;
  for (const value of map) {
    sums[Math.floor((value - low) / step)] += value;
    total += value;
  }
  return shares.map(share => {
    let sum = 0, level = LEVELS;
    while (level > 0 && (sum += sums[level]) < share * total) level--;
    return low + level * step;
  });
}

/** The map [H * W] at most `longest` pixels long: {values, size}, each the mean of a block. */
export function reduced(map, [height, width], longest = LONGEST_DRAWN) {
  const block = Math.ceil(Math.max(height, width) / longest);
  if (block === 1) return {values: map, size: [height, width]};
  const h = Math.ceil(height / block), w = Math.ceil(width / block);
  const values = new Float32Array(h * w), counts = new Uint32Array(h * w);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = Math.floor(y / block) * w + Math.floor(x / block);
      values[to] += map[y * width + x];
      counts[to]++;
    }
  }
  return {values: values.map((value, k) => value / counts[k]), size: [h, w]};
}

/** A canvas of the map in false colours, from its least value to its largest. */
export function colored(values, [height, width], colors) {
  const [low, high] = range(values);
  const scale = high > low ? 255 / (high - low) : 0;
  const image = new ImageData(width, height);
  for (let k = 0; k < values.length; k++) {
    const [red, green, blue] = colors[Math.round((values[k] - low) * scale)];
    image.data.set([red, green, blue, 255], 4 * k);
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d').putImageData(image, 0, 0);
  return canvas;
}

/** The line at which a map crosses `level`, as a Path2D in pixels of the map (marching squares). */
export function contour(values, [height, width], level) {
  const path = new Path2D();
  const at = (y, x) => (y < 0 || x < 0 || y >= height || x >= width ? -Infinity : values[y * width + x]);
  const between = (a, b) => (a === -Infinity || b === -Infinity ? 0.5 : (level - a) / (b - a));
  for (let y = -1; y < height; y++) {
    for (let x = -1; x < width; x++) {
      const corners = [at(y, x), at(y, x + 1), at(y + 1, x + 1), at(y + 1, x)];
      const inside = corners.map(value => value >= level);
      if (inside.every(Boolean) || !inside.some(Boolean)) continue;
      const [a, b, c, d] = corners;
      const sides = [[x + 0.5 + between(a, b), y + 0.5], [x + 1.5, y + 0.5 + between(b, c)],
                     [x + 0.5 + between(d, c), y + 1.5], [x + 0.5, y + 0.5 + between(a, d)]];
      const crossed = [0, 1, 2, 3].filter(side => inside[side] !== inside[(side + 1) % 4]);
      for (let k = 0; k < crossed.length; k += 2) {
        path.moveTo(...sides[crossed[k]]);
        path.lineTo(...sides[crossed[k + 1]]);
      }
    }
  }
  return path;
}
