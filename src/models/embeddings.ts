import { Linear } from '../nn/linear';
import { Module } from '../nn/module';
import type { Value } from '../onnx/graph';
import { silu } from '../onnx/ops';
import { type Tensor, tensor } from '../tensor/tensor';

/** Frequencies of a sinusoidal embedding: exp(-ln(10000) i / half), i = 0..half-1, rounded where torch rounds to float32. */
function frequencies(channels: number): Float32Array {
  const half = channels / 2;
  const exponent = (i: number) => Math.fround(Math.fround(Math.fround(-Math.log(10000)) * i) / half);
  return Float32Array.from({ length: half }, (_, i) => Math.exp(exponent(i)));
}

/**
 * diffusers' Timesteps: numbers [count] -> [count, channels], cosines first, then sines. SVD feeds it the timestep
 * 0.25 ln(sigma) as it is. Worked out here and not in the graph: WGSL promises sines to 11 bits, and of angles beyond pi to
 * none, while time ids reach 255.
 */
export function timesteps(numbers: ArrayLike<number>, channels: number): Tensor {
  const frequency = frequencies(channels);
  const rows = Array.from(numbers, (number) => {
    const angles = Array.from(frequency, (f) => Math.fround(number * f));
    return [...angles.map(Math.cos), ...angles.map(Math.sin)];
  });
  return tensor([numbers.length, channels], Float32Array.from(rows.flat()));
}

/** The same embedding of the frame numbers 0..frames-1, [frames, channels]: a constant, in the dtype of `like`. */
export function frameTimesteps(like: Value, frames: number, channels: number): Value {
  const { shape, data } = timesteps(
    Array.from({ length: frames }, (_, frame) => frame),
    channels,
  );
  return like.graph.constant(`frames{${shape}}.${like.dtype}`, data, shape, like.dtype);
}

/** diffusers' TimestepEmbedding: Linear, SiLU, Linear. [rows, in] -> [rows, out] */
export class TimestepEmbedding extends Module {
  readonly linear_1: Linear;
  readonly linear_2: Linear;

  constructor(inChannels: number, timeEmbedDim: number, outDim = timeEmbedDim) {
    super();
    this.linear_1 = new Linear(inChannels, timeEmbedDim);
    this.linear_2 = new Linear(timeEmbedDim, outDim);
  }

  protected forward(sample: Value): Value {
    return this.linear_2.call(silu(this.linear_1.call(sample)));
  }
}
