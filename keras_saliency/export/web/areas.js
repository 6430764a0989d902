// Shares of attention, as keras_saliency/areas/shares.py has them for boxes. A box is
// {left, top, right, bottom} in pixels; a pixel belongs to it if its center lies inside.

/**
 * Shares of boxes of a map [H * W] of any positive sum.
 * @returns {areas: [{share, size, ratio, rank, overlap}], rest, restSize, repeated}; the sum of the
 *     shares, less `repeated`, with `rest` is 1.
 */
export function attentionShares(map, [height, width], boxes) {
  let total = 0;
  for (const value of map) total += value;
  const times = new Uint8Array(height * width);
  for (const box of boxes) visit(box, height, width, k => { times[k]++; });
  let rest = 0, outside = 0, repeated = 0;
  for (let k = 0; k < map.length; k++) {
    if (times[k] === 0) { rest += map[k]; outside++; }
    if (times[k] > 1) repeated += map[k] * (times[k] - 1);
  }
  const areas = boxes.map(box => {
    let sum = 0, pixels = 0, overlap = 0;
    visit(box, height, width, k => {
      sum += map[k];
      pixels++;
      if (times[k] > 1) overlap += map[k];
    });
    const share = sum / total, size = pixels / map.length;
    return {share, size, ratio: size ? share / size : 0, overlap: overlap / total};
  });
  for (const area of areas) {
    area.rank = 1 + areas.filter(other => other.share > area.share).length;
  }
  return {areas, rest: rest / total, restSize: outside / map.length, repeated: repeated / total};
}

/** Call `what` with the index of each pixel of a box. */
function visit({left, top, right, bottom}, height, width, what) {
  const first = (edge, length) => Math.min(Math.max(Math.ceil(edge - 0.5), 0), length);
  const [x0, x1] = [first(left, width), first(right, width)];
  const [y0, y1] = [first(top, height), first(bottom, height)];
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) what(y * width + x);
  }
}

/** A box moved by (x, y) pixels, as far as it stays inside a picture of [H, W]. */
export function moved({left, top, right, bottom}, x, y, [height, width]) {
  x = Math.min(Math.max(x, -left), width - right);
  y = Math.min(Math.max(y, -top), height - bottom);
  return {left: left + x, top: top + y, right: right + x, bottom: bottom + y};
}

/** The box of two corners, cut to a picture of [H, W]. */
export function boxOf([x0, y0], [x1, y1], [height, width]) {
  const cut = (value, length) => Math.min(Math.max(value, 0), length);
  return {left: cut(Math.min(x0, x1), width), top: cut(Math.min(y0, y1), height),
          right: cut(Math.max(x0, x1), width), bottom: cut(Math.max(y0, y1), height)};
}

/** A box of a picture of size `from` at the same relative place of one of size `to`. */
export function scaled({left, top, right, bottom}, from, to) {
  const [y, x] = [to[0] / from[0], to[1] / from[1]];
  return {left: left * x, top: top * y, right: right * x, bottom: bottom * y};
}
