// The network in a thread of its own, so that the page answers while it computes. A classic worker:
// the runtime loads its WebAssembly with importScripts.
//
// Messages in: {kind: 'load', folder, settings}, {kind: 'predict', pixels, size, live}. Each has an
// id, and is answered by {id, ...} or {id, error}; loading also posts {progress} from 0 to 1.

let network = null;

self.onmessage = async ({data: {id, kind, ...request}}) => {
  try {
    const answer = kind === 'load' ? await load(request) : await predict(request);
    self.postMessage({id, ...answer}, answer.map ? [answer.map.buffer] : []);
  } catch (error) {
    self.postMessage({id, error: String(error?.message ?? error)});
  }
};

/** Fetch the runtime that fits this browser and the network, and make them ready. */
async function load({folder, settings}) {
  const [runtime, {finished}, geometry] = await Promise.all([
    import(`${folder}runtime/index.js`), import(`${folder}finish.js`),
    import(`${folder}geometry.js`)]);
  const fast = await runtime.supportsFeature('relaxedSimd');
  const threads = fast && self.crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  const variant = threads > 1 ? 'litert_wasm_threaded_internal'
    : fast ? 'litert_wasm_internal' : 'litert_wasm_compat_internal';
  const total = settings.files[variant] + settings.files.model;
  let received = 0;
  const count = bytes => self.postMessage({progress: (received += bytes) / total});
  const [binary, model] = await Promise.all([
    unpacked(`${folder}runtime/${variant}.bin`, count), unpacked(`${folder}model.bin`, count)]);
  const script = `${folder}runtime/${variant}.js`;
  self.Module = {wasmBinary: binary, mainScriptUrlOrBlob: script};  // which its threads load
  const quiet = console.error;
  console.error = console.warn;  // it reports as errors that there is no GPU, which it does not need
  await runtime.loadLiteRt(script);
  const compiled = await runtime.loadAndCompile(new Uint8Array(model), {
    accelerator: 'wasm', cpuOptions: {numThreads: threads}});
  console.error = quiet;
  network = {settings, compiled, Tensor: runtime.Tensor, finished,
             ...geometry};
  return {threads, variant};
}

/** The contents of a file that is compressed, unless the server has unpacked it already. */
async function unpacked(url, count) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  const chunks = [];
  for (const reader = response.body.getReader();;) {
    const {done, value} = await reader.read();
    if (done) break;
    chunks.push(value);
    count(value.length);
  }
  const blob = new Blob(chunks);
  const [first, second] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  if (first !== 0x1f || second !== 0x8b) return blob.arrayBuffer();
  return new Response(blob.stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}

/** The map Float32Array [H * W] of `pixels` RGBA [H * W * 4], and how long it took. */
async function predict({pixels, size, live}) {
  const started = performance.now();
  const {settings, compiled, Tensor, finished, toCanvas} = network;
  const canvas = orient(live ? settings.live : settings.canvas, size, settings);
  const images = new Tensor(toCanvas(pixels, size, canvas, settings.fit), [1, ...canvas, 3]);
  const outputs = await compiled.signatures[canvas.join('x')].run([images]);
  const canvasMap = Float32Array.from(await outputs[0].data());
  for (const tensor of [images, ...outputs]) tensor.delete();
  const map = finished(canvasMap, canvas, size, settings.fit, settings.finish);
  return {map, milliseconds: performance.now() - started};
}

/** The canvas, upright for upright pictures, where the network has it both ways. */
function orient(canvas, size, settings) {
  const [short, long] = [...canvas].sort((a, b) => a - b);
  if (!settings.turns) return canvas;
  return size[0] > size[1] ? [long, short] : [short, long];
}
