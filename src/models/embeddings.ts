import { Linear } from '../nn/linear';
import { Module } from '../nn/module';
import type { Value } from '../onnx/graph';
import { concat, cos, mul, reshape, silu, sin } from '../onnx/ops';

/** Frequencies of a sinusoidal embedding: exp(-ln(10000) i / half), i = 0..half-1, rounded where torch rounds to float32. */
function frequencies(channels: number): Float32Array {
  const half = channels / 2;
  const exponent = (i: number) => Math.fround(Math.fround(Math.fround(-Math.log(10000)) * i) / half);
  return Float32Array.from({ length: half }, (_, i) => Math.exp(exponent(i)));
}

/**
 * diffusers' Timesteps: numbers x [count] (float32) -> [count, channels], cosines first, then sines. SVD feeds it the
 * timestep 0.25 ln(sigma) as it is. Stays float32: its caller casts.
 */
export function timesteps(x: Value, channels: number): Value {
  const frequency = x.graph.constant(`frequencies{${channels}}`, frequencies(channels), [1, channels / 2], 'float32');
  const angle = mul(reshape(x, [...x.shape, 1]), frequency);
  return concat([cos(angle), sin(angle)], 1);
}

/** The same embedding of the frame numbers 0..frames-1, [frames, channels]: a constant, in the dtype of `like`. */
export function frameTimesteps(like: Value, frames: number, channels: number): Value {
  const frequency = frequencies(channels);
  const rows = Array.from({ length: frames }, (_, frame) => {
    const angles = Array.from(frequency, (f) => Math.fround(frame * f));
    return [...angles.map(Math.cos), ...angles.map(Math.sin)];
  });
  return like.graph.constant(
    `frames{${frames},${channels}}.${like.dtype}`,
    rows.flat(),
    [frames, channels],
    like.dtype,
  );
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
