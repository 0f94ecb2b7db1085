import { expect, test } from 'vitest';
import { madeUpWeights } from '../../reference/made-up-weights';
import { printGraph } from '../../reference/print-graph';
import { Graph, type Value } from '../onnx/graph';
import { add } from '../onnx/ops';
import { Linear } from './linear';
import { Module, named, Parameter, parameters, parts, SKIPPED } from './module';

class Shift extends Module {
  readonly amount = new Parameter([3]);

  protected forward(x: Value): Value {
    return add(x, this.amount.in(x));
  }
}

class Net extends Module {
  readonly blocks = [new Shift(), SKIPPED, new Shift()] as const;
  readonly out = new Linear(3, 2);
  /** Neither a module nor a parameter: no part of the checkpoint. */
  readonly options = { amount: 3, list: [1, 2] };

  protected forward(x: Value): Value {
    return this.out.call(this.blocks[2].call(this.blocks[0].call(x)));
  }
}

test('a property’s name is its key in the checkpoint, and a skipped place keeps its number', () => {
  expect(parameters(named(new Net())).map(({ path }) => path)).toEqual([
    'blocks.0.amount',
    'blocks.2.amount',
    'out.weight',
    'out.bias',
  ]);
  expect([...parts(new Net(), 'net')].map(([path]) => path)).toEqual([
    'net.blocks.0',
    'net.blocks.0.amount',
    'net.blocks.2',
    'net.blocks.2.amount',
    'net.out',
    'net.out.weight',
    'net.out.bias',
  ]);
});

test('a call names its nodes after the module and adopts the graph and dtype of its input', () => {
  const { asked, locate } = madeUpWeights();
  const graph = new Graph(locate);
  graph.output('y', named(new Net()).call(graph.input('x', [1, 3], 'float16')));
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "/blocks.0/Add: Add(x, blocks.0.amount.float16) -> [1,3]
    /blocks.2/Add: Add(/blocks.0/Add, blocks.2.amount.float16) -> [1,3]
    /out/Gemm: Gemm(/blocks.2/Add, out.weight.float16, out.bias.float16) -> [1,2]
    y: Identity(/out/Gemm) -> [1,2]"
  `);
  expect([...asked.keys()].sort()).toEqual(['blocks.0.amount', 'blocks.2.amount', 'out.bias', 'out.weight']);
  expect([...graph.initializers.values()].map(({ dtype }) => dtype)).toEqual(Array(4).fill('float16'));
  expect([...graph.scopes.keys()]).toEqual(['blocks.0', 'blocks.2', 'out', '']);
});
