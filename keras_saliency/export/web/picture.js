// Pictures from files, and what is wrong with those that cannot be used.

const LONGEST = 8192, MOST_PIXELS = 40e6;

/**
 * The picture of a file: {name, bitmap, size: [H, W], pixels: RGBA}, upright as its EXIF data says.
 * Colours are taken as they are stored, without their profile, as keras_saliency reads them; what is
 * transparent lies on white.
 * @throws Error that says what to do.
 */
export async function readPicture(file) {
  const name = file.name || 'pasted picture';
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = () => reject(new Error(`${name}: not a picture that this browser can read.`));
    });
    const {naturalWidth: width, naturalHeight: height} = image;  // known before it is decoded
    if (!width || !height) throw new Error(`${name}: a picture without a size of its own.`);
    if (Math.max(width, height) > LONGEST || width * height > MOST_PIXELS) {
      throw new Error(`${name}: ${width} x ${height} pixels; make it smaller, at most ${LONGEST} on `
        + `a side and ${MOST_PIXELS / 1e6} megapixels.`);
    }
    const bitmap = await createImageBitmap(file, {colorSpaceConversion: 'none'}).catch(
      () => createImageBitmap(image)).catch(
      () => { throw new Error(`${name}: damaged, or too large for this browser's memory.`); });
    return {name, bitmap, ...pixelsOf(bitmap)};
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** {size: [H, W], pixels: RGBA} of a bitmap or a frame of a video. */
export function pixelsOf(source) {
  const width = source.videoWidth ?? source.width, height = source.videoHeight ?? source.height;
  const context = new OffscreenCanvas(width, height).getContext('2d', {willReadFrequently: true});
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, 0);
  return {size: [height, width], pixels: context.getImageData(0, 0, width, height).data};
}
