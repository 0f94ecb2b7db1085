import type { Graph } from '../src/onnx/graph';

/**
 * A graph as text, one node a line: `name: op(inputs) -> [shape]`. Names lose `_output_0`, so that
 * a layer's test can write the expected graph out; attributes are left to the tests of operators.
 */
export function printGraph({ nodes, values }: Graph): string {
  const short = (value: string) => value.replace(/_output_0$/, '').replace(/_output_(\d+)$/, '.$1') || '-';
  return nodes
    .map(({ name, opType, inputs, outputs }) => {
      const shapes = outputs.map((output) => `[${values.get(output)?.shape}]`).join(' ');
      return `${name}: ${opType}(${inputs.map(short).join(', ')}) -> ${shapes}`;
    })
    .join('\n');
}
