import type { Size } from '../pipelines/sizes';
import type { Picture } from '../processors/picture';
import { checkHeader, HEADER_BYTES, PictureError } from '../processors/picture-header';
import { coverCrop, fitWithin } from './crop';

/** A picture that has been decoded once and is known to be good. */
export interface OpenedPicture extends Size {
  readonly name: string;
  /** PNG: upright, opaque, a single frame. What is shown is exactly what is animated. */
  readonly blob: Blob;
}

/** No checkpoint takes more; above this, pixels only cost memory. */
const LONGEST_SIDE = 2048;
/** Of a picture that is blurred: it is drawn this small, and large again. */
const BLURRED_SIDE = 12;

/**
 * Decodes a file once: the first frame of an animation, turned upright, on white where it is transparent.
 *
 * @throws PictureError, whose message is a sentence for the user
 */
export async function openPicture(file: Blob, name: string): Promise<OpenedPicture> {
  const head = await readBytes(file.slice(0, HEADER_BYTES), name);
  checkHeader(head, name);
  // A copy in memory: the file on disk may change or go before the clip is made.
  const bytes = file.size > HEADER_BYTES ? await readBytes(file, name) : head;
  const bitmap = await decode(new Blob([bytes], { type: file.type }), name);
  try {
    const size = fitWithin(bitmap, LONGEST_SIDE);
    const { canvas } = draw(bitmap, { x: 0, y: 0, width: bitmap.width, height: bitmap.height }, size);
    return { name, ...size, blob: await canvas.convertToBlob({ type: 'image/png' }) };
  } finally {
    bitmap.close();
  }
}

/** The middle of the picture in the aspect of `target`, in the picture's own pixels; scaling is the pipeline's part. */
export async function cropPicture(picture: Pick<OpenedPicture, 'name' | 'blob'>, target: Size): Promise<Picture> {
  const bitmap = await decode(picture.blob, picture.name);
  try {
    const crop = coverCrop(bitmap, target);
    const { width, height } = crop;
    const rgba = draw(bitmap, crop, crop).context.getImageData(0, 0, width, height).data;
    return { width, height, data: dropAlpha(rgba) };
  } finally {
    bitmap.close();
  }
}

/** The picture so blurred that nothing of it can be told but light and colour. */
export async function blurPicture(blob: Blob): Promise<Blob> {
  const bitmap = await decode(blob, 'the picture');
  try {
    const small = fitWithin(bitmap, BLURRED_SIDE);
    const coarse = draw(bitmap, { x: 0, y: 0, width: bitmap.width, height: bitmap.height }, small).canvas;
    const { canvas } = draw(coarse, { x: 0, y: 0, ...small }, bitmap);
    return await canvas.convertToBlob({ type: 'image/png' });
  } finally {
    bitmap.close();
  }
}

async function readBytes(file: Blob, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new PictureError(`“${name}” could not be read. If it was moved or deleted, choose it again.`);
  }
}

async function decode(blob: Blob, name: string): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(blob, { imageOrientation: 'from-image' });
  } catch {
    throw new PictureError(
      `“${name}” could not be decoded: it is damaged, cut short, or of a kind this browser does not know. ` +
        'Open it elsewhere, save it as PNG or JPEG, and choose that file.',
    );
  }
}

/** Draws a part of a bitmap on white. On the CPU, so that a lost GPU does not blank it. */
function draw(
  bitmap: ImageBitmap | OffscreenCanvas,
  part: Size & { readonly x: number; readonly y: number },
  size: Size,
) {
  const canvas = new OffscreenCanvas(size.width, size.height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context)
    throw new PictureError('The browser gave no canvas to read the picture with. Close some tabs, try again.');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, size.width, size.height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, part.x, part.y, part.width, part.height, 0, 0, size.width, size.height);
  return { canvas, context };
}

function dropAlpha(rgba: Uint8ClampedArray): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from] as number;
    rgb[to++] = rgba[from + 1] as number;
    rgb[to++] = rgba[from + 2] as number;
  }
  return rgb;
}
