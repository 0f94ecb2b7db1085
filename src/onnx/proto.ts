import type { DType } from '../tensor/dtype';
import type { Attribute, Graph, Initializer, Node, Value } from './graph';

/**
 * A Graph as the bytes of an ONNX ModelProto. One function a message, under the message's name; the numbers are the
 * field numbers of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
 */

type Bytes = readonly Uint8Array[];

/** TensorProto.DataType */
const DATA_TYPE: Readonly<Record<DType, number>> = { float32: 1, int64: 7, float16: 10 };

/** AttributeProto.AttributeType */
const ATTRIBUTE_TYPE = { FLOAT: 1, INT: 2, STRING: 3, INTS: 7 } as const;

/** ONNX 1.15: LayerNormalization, Gelu and Resize as used here; every backend of ONNX Runtime Web knows it. */
const OPSET = 20;

/** Serialises a graph. */
export function modelProto(
  graph: Pick<Graph, 'nodes' | 'initializers' | 'inputs' | 'outputs'>,
): Uint8Array<ArrayBuffer> {
  return join([
    ...int(1, 9), // ir_version
    ...string(2, 'stillmotion'), // producer_name
    ...message(7, graphProto(graph)),
    ...message(8, [...string(1, ''), ...int(2, OPSET)]), // opset_import
    ...message(8, [...string(1, 'com.microsoft'), ...int(2, 1)]),
  ]);
}

function graphProto({ nodes, initializers, inputs, outputs }: Parameters<typeof modelProto>[0]): Bytes {
  return [
    ...nodes.flatMap((node) => message(1, nodeProto(node))),
    ...string(2, 'main'),
    ...[...initializers.values()].flatMap((initializer) => message(5, tensorProto(initializer))),
    ...inputs.flatMap((value) => message(11, valueInfoProto(value))),
    ...outputs.flatMap((value) => message(12, valueInfoProto(value))),
  ];
}

function nodeProto({ name, opType, domain, inputs, outputs, attributes }: Node): Bytes {
  return [
    ...inputs.flatMap((input) => string(1, input)),
    ...outputs.flatMap((output) => string(2, output)),
    ...string(3, name),
    ...string(4, opType),
    ...Object.entries(attributes).flatMap(([key, value]) => message(5, attributeProto(key, value))),
    ...(domain ? string(7, domain) : []),
  ];
}

function attributeProto(name: string, value: Attribute): Bytes {
  if (typeof value === 'string') return [...string(1, name), ...string(4, value), ...int(20, ATTRIBUTE_TYPE.STRING)];
  if (typeof value === 'number') return [...string(1, name), ...int(3, value), ...int(20, ATTRIBUTE_TYPE.INT)];
  if ('float' in value) return [...string(1, name), ...float(2, value.float), ...int(20, ATTRIBUTE_TYPE.FLOAT)];
  return [...string(1, name), ...value.flatMap((item) => int(8, item)), ...int(20, ATTRIBUTE_TYPE.INTS)];
}

function tensorProto({ name, dtype, shape, data }: Initializer): Bytes {
  const head = [...shape.flatMap((size) => int(1, size)), ...int(2, DATA_TYPE[dtype]), ...string(8, name)];
  if (data instanceof Uint8Array) return [...head, ...message(9, [data])]; // raw_data
  return [
    ...head,
    ...message(13, stringStringEntryProto('location', data.location)), // external_data
    ...message(13, stringStringEntryProto('offset', String(data.offset))),
    ...message(13, stringStringEntryProto('length', String(data.length))),
    ...int(14, 1), // data_location: EXTERNAL
  ];
}

function stringStringEntryProto(key: string, value: string): Bytes {
  return [...string(1, key), ...string(2, value)];
}

function valueInfoProto({ name, dtype, shape }: Value): Bytes {
  const dimensions = shape.flatMap((size) => message(1, int(1, size)));
  const tensorType = [...int(1, DATA_TYPE[dtype]), ...message(2, dimensions)];
  return [...string(1, name), ...message(2, message(1, tensorType))];
}

// The wire format: https://protobuf.dev/programming-guides/encoding/

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const int = (field: number, value: number): Bytes => [varint(field << 3), varint(value)];

function float(field: number, value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [varint((field << 3) | 5), bytes];
}

function message(field: number, parts: Bytes): Bytes {
  const length = parts.reduce((sum, part) => sum + part.byteLength, 0);
  return [varint((field << 3) | 2), varint(length), ...parts];
}

const string = (field: number, text: string): Bytes => message(field, [new TextEncoder().encode(text)]);

function join(parts: Bytes): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.byteLength;
  }
  return out;
}
