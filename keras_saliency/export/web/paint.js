// Draws a picture, what the network makes of it, and its areas on a canvas.
import {colored, contour, contourValues, reduced} from './density.js';

const SHARES = [0.5, 0.8, 0.95];
const LINES = ['#ffffff', '#ffd24d', '#4dd2ff'];
const CONTOURED = 256;  // pixels of a map's longer side: finer lines would follow its noise
const HANDLE = 5;  // half a side of the squares at the corners of a selected area

/** What is drawn of a map, made once: {colored: a canvas, contours: paths, size: of their plane}. */
export function prepare(map, size, colors) {
  const drawn = reduced(map, size), coarse = reduced(map, size, CONTOURED);
  return {colored: colored(drawn.values, drawn.size, colors), size: coarse.size,
          contours: contourValues(map, SHARES).map(
            value => contour(coarse.values, coarse.size, value))};
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
  if (scene.prepared && view === 'contours') paintContours(context, canvas, scene.prepared);
  scene.boxes.forEach(({name, box}, index) =>
    paintBox(context, scale, box, `${index + 1} ${name}`, index === scene.selected));
}

/** The map alone, in the size of its canvas. */
export function paintMap(canvas, prepared) {
  canvas.getContext('2d').drawImage(prepared.colored, 0, 0, canvas.width, canvas.height);
}

function paintContours(context, canvas, {contours, size}) {
  // thicker on the larger canvas of a picture that is saved
  const unit = Math.max(1, canvas.width / 900) * size[1] / canvas.width;
  contours.forEach((path, k) => {
    context.save();
    context.scale(canvas.width / size[1], canvas.height / size[0]);
    context.lineWidth = 4 * unit;
    context.strokeStyle = '#000';
    context.stroke(path);
    context.lineWidth = 2 * unit;
    context.strokeStyle = LINES[k];
    context.stroke(path);
    context.restore();
  });
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
