// The page: what is shown, and what happens on clicks.
import {scaled} from './areas.js';
import {startCamera} from './camera.js';
import {edit} from './editor.js';
import {loadNetwork} from './network.js';
import {paint, paintMap, prepare} from './paint.js';
import {readPicture} from './picture.js';
import {csv, download, report} from './save.js';
import {drawTable, records, sharesOf, texts} from './table.js';

const LONGEST_SHOWN = 1600;
const NAMES = ['A', 'B'];
const find = id => document.getElementById(id);

const slots = [null, null];  // {name, bitmap, size, pixels, map, prepared, milliseconds, view}
let areas = [];              // {name, boxes: [box on A, box on B]}
let selected = -1, network = null, settings = null, stopCamera = null, made = 0;

start().catch(error => say(error.message, true));

async function start() {
  if (await reloadsWithThreads()) return;
  settings = await (await fetch('model.json')).json();
  find('model').textContent = `${settings.about.provenance}.`;
  say('Loading the network');
  network = await loadNetwork(settings, part => { find('progress').value = part; });
  find('progress').hidden = true;
  say(network.threads > 1 ? `Ready, ${network.threads} threads`
    : 'Ready, one thread: at localhost or over https the browser would lend more');
  document.body.dataset.ready = 'true';
  for (const slot of [0, 1]) if (slots[slot]) await predict(slot);
}

/** Whether the page is about to load again, through the service worker that gives it threads. */
async function reloadsWithThreads() {
  if (self.crossOriginIsolated || !navigator.serviceWorker || sessionStorage.getItem('isolated')) {
    return false;
  }
  sessionStorage.setItem('isolated', 'tried');  // once: some browsers do without all the same
  try {
    await navigator.serviceWorker.register('isolate.js');
  } catch {
    return false;
  }
  const ready = await Promise.race([navigator.serviceWorker.ready,
    new Promise(resolve => setTimeout(resolve, 3000))]);  // where it is forbidden it never is
  if (ready) location.reload();
  return Boolean(ready);
}

function say(text, wrong = false) {
  find('status').textContent = text;
  find('status').classList.toggle('error', wrong);
}

async function open(file, slot) {
  endCamera();
  if (slot === 1 && !slots[0]) slot = 0;
  try {
    const picture = await readPicture(file);
    if (slot === 0) { slots[1] = null; areas = []; selected = -1; made = 0; }
    slots[slot] = picture;
    for (const area of areas) {
      area.boxes[slot] = scaled(area.boxes[0], slots[0].size, picture.size);
    }
    build();
    await predict(slot);
  } catch (error) {
    say(error.message, true);
  }
}

async function predict(slot) {
  const picture = slots[slot];
  if (!network) return say('The picture is predicted when the network is here');
  say(`Predicting ${picture.name}`);
  const {map, milliseconds} = await network.predict(picture);
  if (slots[slot] !== picture) return;  // another was opened meanwhile
  Object.assign(picture, {map, milliseconds, prepared: prepare(map, picture.size, settings.colors)});
  say(`${picture.name}: ${Math.round(milliseconds)} ms`);
  draw();
}

/** Make the canvases of the pictures that are open. */
function build() {
  find('empty').hidden = true;
  find('slots').replaceChildren(...slots.filter(Boolean).map((picture, slot) => {
    const figure = document.createElement('figure');
    const pictures = Object.assign(document.createElement('div'), {className: 'pictures'});
    const [canvas, map] = [0, 1].map(() => sized(document.createElement('canvas'), picture.size));
    canvas.tabIndex = 0;
    canvas.setAttribute('aria-label', `picture ${NAMES[slot]}, ${picture.name}: N makes an area`);
    const caption = document.createElement('figcaption');
    pictures.append(canvas, map);
    figure.append(pictures, caption);
    picture.view = {canvas, map, caption};
    edit(canvas, () => picture.live ? null : {size: picture.size, selected,
      boxes: areas.map(area => area.boxes[slot])}, changesOn(slot));
    return figure;
  }));
  draw();
}

function sized(canvas, [height, width]) {
  const scale = Math.min(1, LONGEST_SHOWN / Math.max(height, width));
  return Object.assign(canvas, {width: Math.max(1, Math.round(width * scale)),
                                height: Math.max(1, Math.round(height * scale))});
}

/** What the editor of a slot and the table may do to the areas. */
function changesOn(slot) {
  const changed = what => (...values) => { const result = what(...values); draw(); return result; };
  return {
    select: changed(index => { selected = index; }),
    set: changed((index, box) => { areas[index].boxes[slot] = box; }),
    add: changed(box => {
      const boxes = slots.map((picture, k) => picture && (k === slot ? box
        : scaled(box, slots[slot].size, picture.size)));
      areas.push({name: `area ${++made}`, boxes});
      selected = areas.length - 1;
      return selected;
    }),
    remove: changed(index => { areas.splice(index, 1); selected = -1; }),
    rename: changed((index, name) => { areas[index].name = name; }),
  };
}

/** Show all that there is. */
function draw() {
  const options = {view: find('view').value, opacity: Number(find('opacity').value)};
  slots.forEach((picture, slot) => {
    if (!picture?.view) return;
    const {canvas, map, caption} = picture.view;
    paint(canvas, sceneOf(picture, slot), options);
    map.hidden = options.view !== 'side' || !picture.prepared;
    if (!map.hidden) paintMap(map, picture.prepared);
    caption.textContent = picture.live ?? `${slots[1] ? `${NAMES[slot]}: ` : ''}${picture.name}, `
      + `${picture.size[1]} x ${picture.size[0]}`
      + (picture.map ? `, ${settings.name} in ${Math.round(picture.milliseconds)} ms` : '')
      + (isStrip(picture.size) ? '. So long a picture is shrunk until its map shows little detail: '
        + 'keras-saliency predict --screens predicts it in screens' : '');
  });
  const done = slots.every(picture => !picture || picture.map) && Boolean(slots[0]?.map);
  const still = done && !slots[0].live;
  for (const id of ['png', 'report']) find(id).disabled = !done;
  find('csv').disabled = !still || !areas.length;
  find('areas').hidden = !still;
  if (still) drawTable(find('table'), sharesOf(slots, areas), areas, selected, changesOn(0));
}

/** Whether a picture is a strip, as keras_saliency/prediction/screens.py has it. */
const isStrip = size => Math.max(...size) >= 4 * Math.min(...size);

function sceneOf(picture, slot) {
  return {...picture, selected, boxes: picture.live ? []
    : areas.map(({name, boxes}) => ({name, box: boxes[slot]}))};
}

/** The pictures as they are shown, in their own size: a canvas for each. */
function pictures() {
  const options = {view: find('view').value, opacity: Number(find('opacity').value)};
  return slots.filter(Boolean).map((picture, slot) => {
    const [height, width] = picture.size, side = options.view === 'side';
    const canvas = Object.assign(document.createElement('canvas'), {width, height});
    paint(canvas, {...sceneOf(picture, slot), selected: -1}, options);
    if (!side) return {name: picture.name, canvas};
    const both = Object.assign(document.createElement('canvas'), {width: 2 * width, height});
    both.getContext('2d').drawImage(canvas, 0, 0);
    both.getContext('2d').drawImage(picture.prepared.colored, width, 0, width, height);
    return {name: picture.name, canvas: both};
  });
}

const stem = () => slots[0].name.replace(/\.[^.]*$/, '');

find('png').onclick = async () => {
  for (const {name, canvas} of pictures()) {
    const blob = await new Promise(resolve => canvas.toBlob(resolve));
    download(`${name.replace(/\.[^.]*$/, '')}_attention.png`, blob);
  }
};
find('csv').onclick = () => download(`${stem()}_areas.csv`,
  csv(records(slots, sharesOf(slots, areas), areas)), 'text/csv');
find('report').onclick = () => {
  const table = areas.length && !slots[0].live ? texts(sharesOf(slots, areas), areas) : {heads: [], rows: []};
  download(`${stem()}_report.html`, report({
    model: `${settings.about.provenance}. Computed in the browser.`, ...table,
    pictures: pictures().map(({name, canvas}) => ({name, source: canvas.toDataURL('image/jpeg', 0.9)})),
  }), 'text/html');
};

find('camera').onclick = async () => {
  if (stopCamera) return endCamera();
  if (!network) return say('The network is not here yet');
  try {
    slots.fill(null);
    areas = [];
    stopCamera = await startCamera(image => network.predict(image, true), showFrame, error => {
      endCamera();
      say(error.message, true);
    });
    find('camera').setAttribute('aria-pressed', 'true');
    say('The camera is on');
  } catch (error) {
    say(error.message, true);
  }
};

function showFrame(video, map, size, rate) {
  if (!slots[0]) {
    slots[0] = {name: 'camera', bitmap: video, size: [video.videoHeight, video.videoWidth], live: 'camera'};
    build();
  }
  slots[0].bitmap = video;
  if (map) {
    Object.assign(slots[0], {map, prepared: prepare(map, size, settings.colors),
      live: `camera, ${settings.name}: ${rate.toFixed(1)} frames/s`});
  }
  draw();
}

function endCamera() {
  if (!stopCamera) return;
  stopCamera();
  stopCamera = null;
  find('camera').setAttribute('aria-pressed', 'false');
  slots.fill(null);
  find('slots').replaceChildren();
  find('empty').hidden = false;
  say('The camera is off');
  draw();
}

find('view').onchange = find('opacity').oninput = draw;
find('tools').onsubmit = event => event.preventDefault();
for (const [id, slot] of [['file', 0], ['other', 1]]) {
  find(id).onchange = event => {
    if (event.target.files.length) open(event.target.files[0], slot);
    event.target.value = '';  // so that the same file can be chosen again
  };
}
document.addEventListener('paste', event => {
  const file = [...event.clipboardData.files].find(f => f.type.startsWith('image/'));
  if (file) open(file, 0);
});
document.addEventListener('dragover', event => {
  event.preventDefault();
  document.body.classList.add('over');
});
document.addEventListener('dragleave', () => document.body.classList.remove('over'));
document.addEventListener('drop', event => {
  event.preventDefault();
  document.body.classList.remove('over');
  const [file, other] = event.dataTransfer.files;
  if (file) open(file, 0).then(() => other && open(other, 1));
});
