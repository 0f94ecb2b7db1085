import { type Module, named, parameters } from '../src/nn/module';
import { Graph, type Value } from '../src/onnx/graph';
import { elementCount, type Shape, type Tensor, tensor } from '../src/tensor/tensor';
import { runGraph } from './run-graph';

/**
 * What the tests of layers share with the Python lines quoted in them, which ran in torch 2.13.0 on a CPU:
 *
 *     def sines(shape, k):
 *         steps = torch.arange(math.prod(shape), dtype=torch.float64)
 *         return torch.sin(k + 1 + 0.7 * steps).float().reshape(shape)
 *
 *     def run(layer, x):
 *         for k, p in enumerate(layer.parameters()): p.data = sines(p.shape, k)
 *         print([round(v, 6) for v in layer(x).flatten().tolist()])
 */
export function sines(shape: Shape, k: number): Tensor {
  return tensor(
    shape,
    Float32Array.from({ length: elementCount(shape) }, (_, i) => Math.sin(k + 1 + 0.7 * i)),
  );
}

/** A graph of one layer on an input x, its parameters those of `run` above. `call` says how the layer is called. */
export function layerGraph<Layer extends Module<never>>(
  layer: Layer,
  shape: Shape,
  call: (layer: Layer, x: Value) => Value,
) {
  const weights = new Map(
    parameters(named({ layer })).map(({ path, shape }, k) => [path, new Blob([sines(shape, k).data])]),
  );
  const locate = (name: string) => ({ location: name, offset: 0, length: weights.get(name)?.size ?? 0 });
  const graph = new Graph(locate);
  graph.output('out', call(layer, graph.input('x', shape)));
  return { graph, run: async (x: Tensor) => (await runGraph<'out'>(graph, weights, { x })).out };
}
