// Draws a picture, what the network makes of it, and its areas on a canvas.
import {colored, contour, contourValues, reduced} from './density.js';

const SHARES = [0.5, 0.8, 0.95];
const LINES = ['#ffffff', '#ffd24d', '#4dd2ff'];
const HANDLE = 5;  // half a side of the squares at the corners of a selected area

/** What is drawn of a map, made once: {map canvas, its size, paths of the contours}. */
export function prepare(map, size, colors) {
  const small = reduced(map, size);
  const values = contourValues(map, SHARES);
  return {colored: colored(small.values, small.size, colors), size: small.size,
          contours: values.map(value => contour(small.values, small.size, value))};
}

/**
 * Draw on a canvas of any size.
 * @param scene {bitmap, size, prepared, boxes: [{name, box}], selected}
 * @param options {view, opacity}
 */
export function paint(canvas, scene, {view, opacity}) {
  const context = canvas.getContext('2d');
  const scale = canvas.width / scene.size[1];
  context.drawImage(scene.bitmap, 0, 0, canvas.width, canvas.height);
  if (scene.prepared && view === 'overlay') {
    context.globalAlpha = opacity;
    context.drawImage(scene.prepared.colored, 0, 0, canvas.width, canvas.height);
    context.globalAlpha = 1;
  }
  if (scene.prepared && view === 'contours') paintContours(context, canvas, scene.prepared, opacity);
  scene.boxes.forEach(({name, box}, index) =>
    paintBox(context, scale, box, `${index + 1} ${name}`, index === scene.selected));
}

/** The map alone, in the size of its canvas. */
export function paintMap(canvas, prepared) {
  canvas.getContext('2d').drawImage(prepared.colored, 0, 0, canvas.width, canvas.height);
}

function paintContours(context, canvas, {contours, size}, opacity) {
  context.globalAlpha = Math.max(opacity, 0.2);
  contours.forEach((path, k) => {
    context.save();
    context.scale(canvas.width / size[1], canvas.height / size[0]);
    context.lineWidth = 2.5 * size[1] / canvas.width;
    context.strokeStyle = '#000';
    context.stroke(path);
    context.lineWidth = 1.5 * size[1] / canvas.width;
    context.strokeStyle = LINES[k];
    context.stroke(path);
    context.restore();
  });
  context.globalAlpha = 1;
}

function paintBox(context, scale, {left, top, right, bottom}, label, selected) {
  const [x, y, width, height] = [left, top, right - left, bottom - top].map(v => v * scale);
  const unit = Math.max(1, context.canvas.width / 900);
  for (const [color, line] of [['#000', 4], [selected ? '#ffd24d' : '#fff', 2]]) {
    context.strokeStyle = color;
    context.lineWidth = line * unit;
    context.strokeRect(x, y, width, height);
  }
  context.font = `${13 * unit}px system-ui, sans-serif`;
  const high = 18 * unit, low = y > high ? y - high : y;
  context.fillStyle = 'rgba(0, 0, 0, 0.75)';
  context.fillRect(x, low, context.measureText(label).width + 8 * unit, high);
  context.fillStyle = '#fff';
  context.fillText(label, x + 4 * unit, low + 13 * unit);
  if (!selected) return;
  context.fillStyle = '#ffd24d';
  for (const cornerX of [x, x + width]) {
    for (const cornerY of [y, y + height]) {
      context.fillRect(cornerX - HANDLE * unit, cornerY - HANDLE * unit, 2 * HANDLE * unit,
        2 * HANDLE * unit);
    }
  }
}
