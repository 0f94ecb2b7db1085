import type { Value } from '../onnx/graph';
import { add, instanceNormalization, layerNormalization, mul, reshape } from '../onnx/ops';
import { Module, Parameter } from './module';

/** torch.nn.LayerNorm over the last axis. */
export class LayerNorm extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(
    channels: number,
    private readonly eps = 1e-5,
  ) {
    super();
    this.weight = new Parameter([channels]);
    this.bias = new Parameter([channels]);
  }

  protected forward(x: Value): Value {
    return layerNormalization(x, this.weight.in(x), this.bias.in(x), this.eps);
  }
}

/**
 * torch.nn.GroupNorm with 32 groups, as everywhere in SVD: mean and variance over a group's channels and all axes after
 * them. x [batch, channels, ...]. ONNX's own GroupNormalization does not run on WebGPU, so it is an
 * InstanceNormalization over groups, which does, and an affine step.
 */
export class GroupNorm extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;

  /** @throws RangeError if 32 groups do not divide the channels */
  constructor(
    private readonly channels: number,
    private readonly eps: number,
  ) {
    super();
    if (channels % 32) throw new RangeError(`GroupNorm: 32 groups do not divide ${channels} channels.`);
    this.weight = new Parameter([channels]);
    this.bias = new Parameter([channels]);
  }

  protected forward(x: Value): Value {
    return this.affine(this.normalize(x));
  }

  /** The norm alone, whose statistics need all of x. */
  normalize(x: Value): Value {
    const [batch] = x.shape as [number];
    const groupSize = x.shape.reduce((count, size) => count * size, 1) / batch / 32;
    return x.graph.scope(this.path, () =>
      reshape(instanceNormalization(reshape(x, [batch, 32, groupSize]), this.eps), x.shape),
    );
  }

  /** The learned scale and shift after it, which any part of the normalized x can be given by itself. */
  affine(normed: Value): Value {
    const shape = [this.channels, ...normed.shape.slice(2).map(() => 1)];
    return normed.graph.scope(this.path, () =>
      add(mul(normed, this.weight.in(normed, { shape })), this.bias.in(normed, { shape })),
    );
  }
}
