import { type Tensor, tensor } from '../tensor/tensor';

const { fround } = Math;

/** What is wrong with a pair of guidance scales, in a sentence; undefined where nothing is. */
export function guidanceFault(minGuidanceScale: number, maxGuidanceScale: number): string | undefined {
  if (!(minGuidanceScale > 1 && maxGuidanceScale <= 1)) return undefined;
  return (
    `A maximum guidance of ${maxGuidanceScale} turns guidance off, but the minimum of ${minGuidanceScale} ` +
    'asks for it. Raise the maximum above 1, or lower the minimum to 1.'
  );
}

/**
 * The weight of classifier-free guidance for each frame: evenly spaced from `minGuidanceScale` on the first frame to
 * `maxGuidanceScale` on the last. A single frame gets the minimum.
 *
 * Source: diffusers 0.40 (58eb52c), pipeline_stable_video_diffusion.py: torch.linspace, whose two halves each count
 * from their own end.
 *
 * @throws RangeError if min is above 1 and max is not: max decides whether there is guidance at all, and it says no
 */
export function guidanceScale(
  minGuidanceScale: number,
  maxGuidanceScale: number,
  numFrames: number,
): Float32Array<ArrayBuffer> {
  const fault = guidanceFault(minGuidanceScale, maxGuidanceScale);
  if (fault) throw new RangeError(fault);
  const first = fround(minGuidanceScale);
  const last = fround(maxGuidanceScale);
  const spacing = fround(fround(last - first) / Math.max(numFrames - 1, 1));
  const halfway = Math.max(Math.floor(numFrames / 2), 1);
  // Not rounded before the sum: torch fuses multiplication and addition.
  return Float32Array.from({ length: numFrames }, (_, frame) =>
    frame < halfway ? first + spacing * frame : last - spacing * (numFrames - 1 - frame),
  );
}

/**
 * The guided output of the UNet: unconditional + weight * (conditional - unconditional), frame by frame.
 *
 * @param unconditional [1, frames, channels, height, width]
 * @param conditional in the same shape
 * @param guidance one weight of each frame
 * @throws RangeError if the shapes or the number of weights differ
 */
export function applyGuidance(unconditional: Tensor, conditional: Tensor, guidance: Float32Array): Tensor {
  const { shape, data } = unconditional;
  if (shape.join() !== conditional.shape.join() || shape[0] !== 1 || shape[1] !== guidance.length) {
    throw new RangeError(
      `Guidance takes two tensors [1, ${guidance.length}, ...], not [${shape}] and [${conditional.shape}].`,
    );
  }
  const frameLength = data.length / guidance.length;
  const guided = data.map((u, i) => {
    const weight = guidance[Math.floor(i / frameLength)] as number;
    return u + fround(weight * fround((conditional.data[i] as number) - u));
  });
  return tensor(shape, guided);
}
