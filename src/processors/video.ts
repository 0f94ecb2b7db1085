import { type Tensor, tensor } from '../tensor/tensor';
import { resize } from './lanczos';
import type { Picture } from './picture';

const { fround } = Math;

/** Each byte as float32 of -1..1. */
const NORMALIZED = Float32Array.from({ length: 256 }, (_, byte) => 2 * fround(byte / 255) - 1);

/**
 * A picture as the VAE encoder wants it: [1, 3, height, width], -1..1, resized by Pillow's LANCZOS where sizes differ.
 *
 * Source: diffusers 0.40 (58eb52c), image_processor.py and video_processor.py: VideoProcessor.preprocess.
 *
 * @param width pixels
 * @param height pixels
 * @throws RangeError if the picture or a size is malformed
 */
export function preprocess(picture: Picture, width: number, height: number): Tensor {
  const { data } = resize(picture, width, height);
  const pixels = width * height;
  const values = new Float32Array(3 * pixels);
  for (let i = 0; i < pixels; i++) {
    for (let channel = 0; channel < 3; channel++) {
      values[channel * pixels + i] = NORMALIZED[data[3 * i + channel] as number] as number;
    }
  }
  return tensor([1, 3, height, width], values);
}

/**
 * Decoded frames as pixels: RGBA bytes, opaque, frame after frame, rows from top to bottom.
 * Values beyond -1..1 are clamped, and NaN becomes 0.
 *
 * Source: as above, VideoProcessor.postprocess_video with output_type "pil".
 *
 * @param frames [frames, 3, height, width], what the VAE decoder gave, about -1..1
 * @throws RangeError for any other shape
 */
export function postprocessVideo(frames: Tensor): Uint8Array<ArrayBuffer> {
  const [count, channels, height, width] = frames.shape;
  if (frames.shape.length !== 4 || channels !== 3) {
    throw new RangeError(`Decoded frames have the shape [frames, 3, height, width], not [${frames.shape}].`);
  }
  const pixels = (height as number) * (width as number);
  // A clamped array rounds halves to even, as numpy's round does.
  const rgba = new Uint8ClampedArray(4 * (count as number) * pixels).fill(255);
  for (let plane = 0; plane < 3 * (count as number); plane++) {
    const source = frames.data.subarray(plane * pixels, (plane + 1) * pixels);
    const target = 4 * pixels * Math.floor(plane / 3) + (plane % 3);
    for (let i = 0; i < pixels; i++) {
      rgba[target + 4 * i] = fround(255 * fround(0.5 * (source[i] as number) + 0.5));
    }
  }
  return new Uint8Array(rgba.buffer);
}
