// The camera live: as many frames as the network can do, the video running on between them.
import {pixelsOf} from './picture.js';

/**
 * Start the camera.
 * @param predict image => Promise of {map, milliseconds}
 * @param show called with (video, map, size, frames per second) for each frame that is done, and
 *     between them with (video) alone as the video goes on.
 * @returns a function that stops it.
 * @throws Error that says what is missing.
 */
export async function startCamera(predict, show, failed) {
  if (!navigator.mediaDevices) {
    throw new Error('The camera needs this page at localhost or over https.');
  }
  const stream = await navigator.mediaDevices.getUserMedia(
    {video: {width: {ideal: 640}, facingMode: 'environment'}}).catch(error => {
    throw new Error(error.name === 'NotAllowedError' ? 'The camera was not allowed.'
      : `No camera can be used: ${error.message}`);
  });
  const video = document.createElement('video');
  video.muted = video.playsInline = true;
  video.srcObject = stream;
  await video.play();
  let running = true;
  const stop = () => {
    running = false;
    stream.getTracks().forEach(track => track.stop());
  };

  const draw = () => {
    if (!running) return;
    show(video);
    requestAnimationFrame(draw);
  };
  const work = async () => {
    const finished = [];
    while (running) {
      const image = pixelsOf(video);
      const {map} = await predict(image);
      if (!running) return;
      finished.push(performance.now());
      if (finished.length > 11) finished.shift();  // the rate of the last ten
      const span = finished.at(-1) - finished[0];
      show(video, map, image.size, span ? 1000 * (finished.length - 1) / span : 0);
      await new Promise(requestAnimationFrame);
    }
  };
  draw();
  work().catch(error => { stop(); failed(error); });
  return stop;
}
