import type { Value } from '../onnx/graph';
import { type ConvOptions, conv } from '../onnx/ops';
import { Module, Parameter } from './module';
import { inParts } from './parts';

export interface Conv2dOptions {
  /** Side of the square kernel. */
  readonly kernel: number;
  /** Default 1. */
  readonly stride?: number;
  /** Zeros on each side, or [top, left, bottom, right]. Default 0. */
  readonly padding?: number | readonly [number, number, number, number];
  /** Default true. */
  readonly bias?: boolean;
}

/**
 * torch.nn.Conv2d: x [batch, in, height, width] -> [batch, out, ...]. `bias`, where given, replaces the layer's own. A batch that
 * is too large is convolved in parts.
 */
export class Conv2d extends Module<[x: Value, bias?: Value]> {
  readonly weight: Parameter;
  readonly bias?: Parameter;
  readonly #options: ConvOptions;

  constructor(
    inChannels: number,
    outChannels: number,
    { kernel, stride = 1, padding = 0, bias = true }: Conv2dOptions,
  ) {
    super();
    this.weight = new Parameter([outChannels, inChannels, kernel, kernel]);
    if (bias) this.bias = new Parameter([outChannels]);
    this.#options = { stride, padding: typeof padding === 'number' ? [padding, padding, padding, padding] : padding };
  }

  protected forward(x: Value, bias: Value | undefined = this.bias?.in(x)): Value {
    const [, channels, height, width] = x.shape as [number, number, number, number];
    const [outChannels] = this.weight.shape as [number];
    const largest = Math.max(channels, outChannels / (this.#options.stride ?? 1) ** 2) * height * width;
    return inParts([[x, 0]], largest, (part) => conv(part, this.weight.in(x), bias, this.#options));
  }
}

/**
 * torch.nn.Conv3d with kernel (3, 1, 1) and padding (1, 0, 0), the only 3-D convolution SVD has: it mixes neighbouring
 * frames at each pixel. x [1, in, frames, pixels] -> [1, out, frames, pixels]: a 2-D convolution of kernel (3, 1), because
 * a weight of [out, in, 3, 1, 1] and one of [out, in, 3, 1] are the same bytes. `bias`, where given, replaces the layer's own.
 */
export class TemporalConv extends Module<[x: Value, bias?: Value]> {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(inChannels: number, outChannels: number) {
    super();
    this.weight = new Parameter([outChannels, inChannels, 3, 1, 1]);
    this.bias = new Parameter([outChannels]);
  }

  protected forward(x: Value, bias: Value = this.bias.in(x)): Value {
    const weight = this.weight.in(x, { shape: this.weight.shape.slice(0, 4) });
    return conv(x, weight, bias, { padding: [1, 0, 1, 0] });
  }
}
