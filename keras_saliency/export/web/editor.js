// Areas drawn, moved and resized on a canvas, with a pointer or the keyboard.
import {boxOf, moved} from './areas.js';

const NEAR = 14;    // CSS pixels: a corner that is pressed
const SMALLEST = 6; // CSS pixels of an area's side

/**
 * Let areas be edited on a canvas.
 * @param canvas shows a picture, whole.
 * @param state () => {size: [H, W], boxes: [box], selected}, or null where there is no picture.
 * @param change {select(index), set(index, box), add(box), remove(index)}: told what was done.
 */
export function edit(canvas, state, change) {
  let drag = null;  // {index, from: [x, y], box, anchor}: anchor is the corner that stays

  const place = event => {
    const bounds = canvas.getBoundingClientRect(), {size} = state();
    return [(event.clientX - bounds.left) * size[1] / bounds.width,
            (event.clientY - bounds.top) * size[0] / bounds.height];
  };
  const perPixel = () => state().size[1] / canvas.getBoundingClientRect().width;

  canvas.addEventListener('pointerdown', event => {
    if (!state() || event.button !== 0) return;
    const {boxes, selected} = state(), from = place(event), near = NEAR * perPixel();
    const corner = boxes[selected] && opposite(boxes[selected], from, near);
    if (corner) {
      drag = {index: selected, anchor: corner};
    } else {
      // the last drawn lies on top
      const index = boxes.findLastIndex(({left, top, right, bottom}) =>
        left <= from[0] && from[0] <= right && top <= from[1] && from[1] <= bottom);
      change.select(index);
      drag = index < 0 ? {index: -1, anchor: from} : {index, from, box: boxes[index]};
    }
    canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
    canvas.focus();
  });

  canvas.addEventListener('pointermove', event => {
    if (!drag) return;
    const to = place(event), {size} = state();
    if (!drag.anchor) {
      change.set(drag.index, moved(drag.box, to[0] - drag.from[0], to[1] - drag.from[1], size));
      return;
    }
    const box = boxOf(drag.anchor, to, size), smallest = SMALLEST * perPixel();
    if (box.right - box.left < smallest || box.bottom - box.top < smallest) return;
    if (drag.index < 0) drag.index = change.add(box);
    else change.set(drag.index, box);
  });

  for (const end of ['pointerup', 'pointercancel']) {
    canvas.addEventListener(end, () => { drag = null; });
  }

  canvas.addEventListener('keydown', event => {
    if (!state()) return;
    const {size, boxes, selected} = state(), [height, width] = size;
    if (event.key.toLowerCase() === 'n' && !event.ctrlKey && !event.metaKey) {
      change.add({left: width * 0.4, top: height * 0.4, right: width * 0.6, bottom: height * 0.6});
    } else if (event.key === 'Delete' && boxes[selected]) {
      change.remove(selected);
    } else if (ARROWS[event.key] && boxes[selected]) {
      const step = Math.max(1, Math.round(width / 100));
      const [x, y] = ARROWS[event.key].map(direction => direction * step);
      const box = boxes[selected];
      change.set(selected, event.shiftKey ? grown(box, x, y, size) : moved(box, x, y, size));
    } else {
      return;
    }
    event.preventDefault();
  });
}

const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

/** The corner opposite to the one that is near a place; undefined if none is. */
function opposite({left, top, right, bottom}, [x, y], near) {
  for (const [cornerX, otherX] of [[left, right], [right, left]]) {
    for (const [cornerY, otherY] of [[top, bottom], [bottom, top]]) {
      if (Math.abs(x - cornerX) < near && Math.abs(y - cornerY) < near) return [otherX, otherY];
    }
  }
  return undefined;
}

/** A box with its lower right corner moved, at least a pixel large and inside the picture. */
function grown({left, top, right, bottom}, x, y, [height, width]) {
  return {left, top, right: Math.min(Math.max(right + x, left + 1), width),
          bottom: Math.min(Math.max(bottom + y, top + 1), height)};
}
