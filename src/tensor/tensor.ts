/** Sizes of a tensor's axes, outermost first, in C order. */
export type Shape = readonly number[];

/**
 * A tensor on the CPU: plain float32 data in C order. Latents, embeddings and frames travel in this form between the
 * networks, the scheduler and the caller; half precision exists only inside a graph and its weight file.
 */
export interface Tensor {
  readonly shape: Shape;
  readonly data: Float32Array<ArrayBuffer>;
}

/** The number of elements of a shape; 1 for a scalar's empty shape. */
export function elementCount(shape: Shape): number {
  return shape.reduce((count, size) => count * size, 1);
}

/**
 * A tensor of the given shape, over `data` where it is given, else zeros.
 *
 * @throws RangeError if `data` has not exactly as many elements as the shape
 */
export function tensor(shape: Shape, data: Float32Array<ArrayBuffer> = new Float32Array(elementCount(shape))): Tensor {
  if (data.length !== elementCount(shape)) {
    throw new RangeError(`A tensor of shape [${shape}] has ${elementCount(shape)} elements, not ${data.length}.`);
  }
  return { shape, data };
}
