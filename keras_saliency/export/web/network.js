// The network of worker.js as functions that return promises.

const FOLDER = new URL('.', import.meta.url).href;

/**
 * Load the network.
 * @param settings what model.json holds.
 * @param onProgress called with numbers from 0 to 1.
 * @returns {threads, variant, predict}: `predict(image, live)` of {pixels: RGBA, size: [H, W]} gives
 *     {map: Float32Array [H * W], milliseconds}.
 */
export async function loadNetwork(settings, onProgress) {
  const worker = new Worker(`${FOLDER}worker.js`);
  const waiting = new Map();
  let number = 0;
  worker.onmessage = ({data: {id, progress, error, ...answer}}) => {
    if (progress !== undefined) return onProgress(progress);
    const {resolve, reject} = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Error(error)); else resolve(answer);
  };
  worker.onerror = event => {  // a worker that cannot run answers nothing
    for (const {reject} of waiting.values()) reject(new Error(event.message || 'worker failed'));
    waiting.clear();
  };
  const ask = (request, transfer = []) => new Promise((resolve, reject) => {
    waiting.set(++number, {resolve, reject});
    worker.postMessage({id: number, ...request}, transfer);
  });
  const loaded = await ask({kind: 'load', folder: FOLDER, settings});
  return {...loaded, predict({pixels, size}, live = false) {
    const copy = pixels.slice();  // which goes to the worker
    return ask({kind: 'predict', pixels: copy, size, live}, [copy.buffer]);
  }};
}
