import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import { Graph } from './graph';
import { modelProto } from './proto';

/**
 * The messages we write, copied from https://github.com/onnx/onnx/blob/main/onnx/onnx.proto: names, field numbers and types. A
 * decoder that knows nothing of proto.ts reads our bytes by them.
 */
const { root } = protobuf.parse(
  `
  syntax = "proto2";
  message ModelProto {
    optional int64 ir_version = 1;
    optional string producer_name = 2;
    optional GraphProto graph = 7;
    repeated OperatorSetIdProto opset_import = 8;
  }
  message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
  message GraphProto {
    repeated NodeProto node = 1;
    optional string name = 2;
    repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11;
    repeated ValueInfoProto output = 12;
  }
  message NodeProto {
    repeated string input = 1;
    repeated string output = 2;
    optional string name = 3;
    optional string op_type = 4;
    repeated AttributeProto attribute = 5;
    optional string domain = 7;
  }
  message AttributeProto {
    enum AttributeType { UNDEFINED = 0; FLOAT = 1; INT = 2; STRING = 3; INTS = 7; }
    optional string name = 1;
    optional float f = 2;
    optional int64 i = 3;
    optional bytes s = 4;
    repeated int64 ints = 8;
    optional AttributeType type = 20;
  }
  message TensorProto {
    enum DataLocation { DEFAULT = 0; EXTERNAL = 1; }
    repeated int64 dims = 1;
    optional int32 data_type = 2;
    optional string name = 8;
    optional bytes raw_data = 9;
    repeated StringStringEntryProto external_data = 13;
    optional DataLocation data_location = 14;
  }
  message StringStringEntryProto { optional string key = 1; optional string value = 2; }
  message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; }
  message TypeProto {
    message Tensor { optional int32 elem_type = 1; optional TensorShapeProto shape = 2; }
    oneof value { Tensor tensor_type = 1; }
  }
  message TensorShapeProto {
    message Dimension { oneof value { int64 dim_value = 1; } }
    repeated Dimension dim = 1;
  }
`,
  { keepCase: true },
);
const ModelProto = root.lookupType('ModelProto');

/** The model as plain objects; fields that were not written are not there. */
function decode(graph: Graph) {
  const model = ModelProto.decode(modelProto(graph));
  return ModelProto.toObject(model, { longs: Number, enums: String, bytes: Array }) as { graph: DecodedGraph };
}

interface DecodedGraph {
  readonly node: readonly Readonly<Record<string, unknown>>[];
  readonly initializer: readonly Readonly<Record<string, unknown>>[];
  readonly input: unknown;
  readonly output: unknown;
}

const newGraph = () => new Graph((name) => ({ location: `${name}.safetensors`, offset: 9_560_000_123, length: 24 }));

test('a model says by which versions of ONNX and of ONNX Runtime’s own operators it is to be read', () => {
  const graph = newGraph();
  graph.output('y', graph.input('x', [1]));
  expect(decode(graph)).toMatchObject({
    ir_version: 9,
    producer_name: 'stillmotion',
    opset_import: [
      { domain: '', version: 20 },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: { name: 'main' },
  });
});

test('inputs and outputs have a name, a dtype and fixed sizes', () => {
  const graph = newGraph();
  graph.output('y', graph.input('x', [25, 8, 72, 128], 'float16'));
  graph.output('z', graph.input('w', [], 'float32'));
  graph.input('n', [5_000_000_000], 'int64');
  const value = (name: string, elem_type: number, ...sizes: number[]) => ({
    name,
    type: { tensor_type: { elem_type, shape: sizes.length ? { dim: sizes.map((dim_value) => ({ dim_value })) } : {} } },
  });
  const { input, output } = decode(graph).graph;
  expect(input).toEqual([value('x', 10, 25, 8, 72, 128), value('w', 1), value('n', 7, 5_000_000_000)]);
  expect(output).toEqual([value('y', 10, 25, 8, 72, 128), value('z', 1)]);
});

test('nodes name their inputs, outputs, operator and module', () => {
  const graph = newGraph();
  const x = graph.input('x', [2]);
  graph.scope('down_blocks.0.conv1', () => graph.node('Resize', [x, undefined, x], x, {}, 'com.microsoft'));
  graph.multiNode('Split', [x], [x, x]);
  expect(decode(graph).graph.node).toEqual([
    {
      name: '/down_blocks.0/conv1/Resize',
      op_type: 'Resize',
      domain: 'com.microsoft',
      // An optional input left out is an empty name.
      input: ['x', '', 'x'],
      output: ['/down_blocks.0/conv1/Resize_output_0'],
    },
    { name: '/Split', op_type: 'Split', input: ['x'], output: ['/Split_output_0', '/Split_output_1'] },
  ]);
});

test('attributes carry their type: INT, FLOAT, STRING, INTS', () => {
  const graph = newGraph();
  graph.node(
    'Any',
    [],
    { shape: [], dtype: 'float32' },
    {
      axis: -1,
      big: 2 ** 52,
      epsilon: { float: 1e-5 },
      whole: { float: 1 },
      mode: 'nächster',
      perm: [0, 2, -1],
      none: [],
    },
  );
  expect(decode(graph).graph.node[0]?.attribute).toEqual([
    { name: 'axis', i: -1, type: 'INT' },
    { name: 'big', i: 2 ** 52, type: 'INT' },
    { name: 'epsilon', f: Math.fround(1e-5), type: 'FLOAT' },
    { name: 'whole', f: 1, type: 'FLOAT' },
    { name: 'mode', s: [...new TextEncoder().encode('nächster')], type: 'STRING' },
    { name: 'perm', ints: [0, 2, -1], type: 'INTS' },
    { name: 'none', type: 'INTS' },
  ]);
});

test('a fraction that is not marked as a float is the author’s mistake', () => {
  const graph = newGraph();
  graph.node('Any', [], { shape: [], dtype: 'float32' }, { epsilon: 1e-5 });
  expect(() => modelProto(graph)).toThrow(RangeError);
});

test('a parameter is external data: a location, an offset beyond 4 GB, a length', () => {
  const graph = newGraph();
  graph.parameter('conv.weight', [3, 2], 'float32');
  graph.parameter('conv.weight', [3, 2], 'float16', { row: 1, shape: [2, 1] });
  const external = (offset: string, length: string) => [
    { key: 'location', value: 'conv.weight.safetensors' },
    { key: 'offset', value: offset },
    { key: 'length', value: length },
  ];
  expect(decode(graph).graph.initializer).toEqual([
    {
      name: 'conv.weight',
      dims: [3, 2],
      data_type: 1,
      external_data: external('9560000123', '24'),
      data_location: 'EXTERNAL',
    },
    {
      name: 'conv.weight[1:]{2,1}.float16',
      dims: [2, 1],
      data_type: 10,
      // One row of two halves further on.
      external_data: external('9560000127', '4'),
      data_location: 'EXTERNAL',
    },
  ]);
});

test('a constant lies inside the model, little endian', () => {
  const graph = newGraph();
  graph.constant('floats', [1, -2], [2], 'float32');
  graph.constant('halves', [1, -2], [1, 2], 'float16');
  graph.constant('sizes', [258, -1], [2], 'int64');
  expect(decode(graph).graph.initializer).toEqual([
    { name: 'floats', dims: [2], data_type: 1, raw_data: [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0] },
    { name: 'halves', dims: [1, 2], data_type: 10, raw_data: [0, 0x3c, 0, 0xc0] },
    {
      name: 'sizes',
      dims: [2],
      data_type: 7,
      raw_data: [2, 1, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255],
    },
  ]);
});

test('a parameter used twice is written once', () => {
  const graph = newGraph();
  const [first, second] = [1, 2].map(() => graph.parameter('conv.weight', [3, 2], 'float32'));
  expect(first).toEqual(second);
  expect(decode(graph).graph.initializer).toHaveLength(1);
});
