// From a picture to the network's canvas and back, as keras_saliency/maps/arrays.py has it: a picture
// keeps its shape, is resized by area where it shrinks and bicubic where it grows, with aligned
// corners, and is padded in the middle of the canvas. Arrays are rows of pixels of some channels.

const PADDING = 126;
const STEPS = 1024;        // of TensorFlow's table of bicubic weights between two pixels
const SHARPNESS = -0.75;   // its a, as in Keys (1981)

/** [h, w] that a picture of [H, W] covers of a canvas [h, w]. */
export function fittedSize(size, canvas, fit) {
  if (fit === 'stretch') return [...canvas];
  const ratio = Math.min(canvas[0] / size[0], canvas[1] / size[1]);
  return size.map((side, k) => Math.min(Math.max(roundHalfEven(side * ratio), 1), canvas[k]));
}

/** A picture on the canvas: Float32Array [h * w * 3] of `pixels` RGBA [H * W * 4]. */
export function toCanvas(pixels, size, canvas, fit) {
  const [h, w] = fittedSize(size, canvas, fit);
  const [low, high] = rangeOfColors(pixels);
  const resized = resize(pixels, size, 4, [h, w]);
  const top = Math.floor((canvas[0] - h) / 2), left = Math.floor((canvas[1] - w) / 2);
  const padded = new Float32Array(canvas[0] * canvas[1] * 3).fill(PADDING);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const from = 4 * (y * w + x), to = 3 * ((y + top) * canvas[1] + x + left);
      for (let c = 0; c < 3; c++) {
        padded[to + c] = Math.min(Math.max(resized[from + c], low), high);
      }
    }
  }
  return padded;
}

/** The map of a picture of [H, W], Float32Array [H * W], from one on the canvas. */
export function fromCanvas(map, canvas, size, fit) {
  const [h, w] = fittedSize(size, canvas, fit);
  const top = Math.floor((canvas[0] - h) / 2), left = Math.floor((canvas[1] - w) / 2);
  const cropped = new Float32Array(h * w);
  for (let y = 0; y < h; y++) {
    const start = (y + top) * canvas[1] + left;
    cropped.set(map.subarray(start, start + w), y * w);
  }
  const [low, high] = range(cropped);
  const made = resize(cropped, [h, w], 1, size);
  for (let k = 0; k < made.length; k++) made[k] = Math.min(Math.max(made[k], low), high);
  return made;
}

/** Float32Array [h * w * channels] of values [H * W * channels]. */
export function resize(values, [height, width], channels, [h, w]) {
  const rows = axis(height, h), columns = axis(width, w);
  // whichever leaves less for the second pass goes first
  if (h < height) return along(along(values, rows, height, h, width * channels, 1), columns, width,
    w, channels, h);
  return along(along(values, columns, width, w, channels, height), rows, height, h, w * channels, 1);
}

/** One axis of `values` [outer, length, inner] brought to [outer, made, inner]. */
function along(values, weights, length, made, inner, outer) {
  if (weights === null) return values;
  const result = new Float32Array(outer * made * inner);
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < made; k++) {
      const to = (o * made + k) * inner;
      for (let t = weights.first[k]; t < weights.first[k + 1]; t++) {
        const weight = weights.weight[t], from = (o * length + weights.place[t]) * inner;
        for (let i = 0; i < inner; i++) result[to + i] += weight * values[from + i];
      }
    }
  }
  return result;
}

/** {place, weight, first}: which pixels of an axis make each new one; null where it stays. */
function axis(length, made) {
  if (length === made) return null;
  const scale = made > 1 ? Math.fround((length - 1) / (made - 1)) : length;
  const place = [], weight = [], first = [0];
  for (let k = 0; k < made; k++) {
    const start = Math.fround(k * scale);  // single precision, as TensorFlow's kernels
    const taps = made < length ? area(start, Math.fround((k + 1) * scale), scale) : bicubic(start);
    for (const [pixel, share] of taps) {
      if (share === 0) continue;
      place.push(Math.min(Math.max(pixel, 0), length - 1));  // the border pixel goes on
      weight.push(share);
    }
    first.push(place.length);
  }
  return {place, weight, first};
}

function area(start, end, scale) {
  const taps = [];
  for (let pixel = Math.floor(start); pixel < end; pixel++) {
    taps.push([pixel, Math.max(Math.min(pixel + 1, end) - Math.max(pixel, start), 0) / scale]);
  }
  return taps;
}

function bicubic(start) {
  const pixel = Math.floor(start);
  const offset = roundHalfEven((start - pixel) * STEPS) / STEPS;
  return [-1, 0, 1, 2].map(step => {
    const d = Math.abs(offset - step), a = SHARPNESS;
    return [pixel + step, d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1
      : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a];
  });
}

/** [least, largest] of an array. */
export function range(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function rangeOfColors(pixels) {
  let low = 255, high = 0;
  for (let k = 0; k < pixels.length; k++) {
    if ((k & 3) === 3) continue;  // alpha
    if (pixels[k] < low) low = pixels[k];
    if (pixels[k] > high) high = pixels[k];
  }
  return [low, high];
}

function roundHalfEven(value) {  // as Python and NumPy round
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
