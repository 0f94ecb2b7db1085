import type { Value } from '../onnx/graph';
import { gemm, reshape } from '../onnx/ops';
import { Module, Parameter } from './module';

/** torch.nn.Linear: x [..., in] -> [..., out]. `bias` [out], where given, replaces the layer's own. */
export class Linear extends Module<[x: Value, bias?: Value]> {
  readonly weight: Parameter;
  readonly bias?: Parameter;

  constructor(
    inFeatures: number,
    readonly outFeatures: number,
    { bias = true } = {},
  ) {
    super();
    this.weight = new Parameter([outFeatures, inFeatures]);
    if (bias) this.bias = new Parameter([outFeatures]);
  }

  protected forward(x: Value, bias: Value | undefined = this.bias?.in(x)): Value {
    return affine(x, this.weight.in(x), bias);
  }

  /** `count` of the output features, from `first` on: a Gemm over rows of the weight, which lie together in the file. */
  features(x: Value, first: number, count: number): Value {
    const [, inFeatures] = this.weight.shape as [number, number];
    return x.graph.scope(this.path, () =>
      affine(
        x,
        this.weight.in(x, { row: first, shape: [count, inFeatures] }),
        this.bias?.in(x, { row: first, shape: [count] }),
      ),
    );
  }
}

/** Gemm wants two axes; PyTorch's Linear takes any number, and works on the last. */
function affine(x: Value, weight: Value, bias: Value | undefined): Value {
  const [outFeatures, inFeatures] = weight.shape as [number, number];
  const rows = x.shape.slice(0, -1).reduce((count, size) => count * size, 1);
  return reshape(gemm(reshape(x, [rows, inFeatures]), weight, bias), [...x.shape.slice(0, -1), outFeatures]);
}
