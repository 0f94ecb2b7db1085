import { DTYPE_BYTES, type DType } from '../tensor/dtype';
import { narrowToFloat16 } from '../tensor/half';
import { elementCount, type Shape } from '../tensor/tensor';

/** A symbolic tensor: what an operator will produce. Its shape and dtype are known before anything runs. */
export interface Value {
  readonly graph: Graph;
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** An attribute of an ONNX node. Numbers are INT where whole and not marked `float`. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** An ONNX NodeProto as plain data. */
export interface Node {
  readonly name: string;
  readonly opType: string;
  /** '' is ONNX itself, 'com.microsoft' ONNX Runtime's own operators. */
  readonly domain: '' | 'com.microsoft';
  /** Value names; '' leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** ONNX external data: bytes `[offset, offset + length)` of the file called `location`. */
export interface ExternalData {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A constant of the graph, inline or in a weight file. */
export interface Initializer {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: Uint8Array | ExternalData;
}

/** Finds the bytes of a checkpoint's tensor; throws where it is missing or of another shape. */
export type Locate = (name: string, shape: Shape, dtype: 'float32' | 'float16') => ExternalData;

/** A part of a parameter: rows of its first axis, and the shape in which the graph sees them. */
export interface ParameterView {
  /** First row; 0 unless given. */
  readonly row?: number;
  /** Shape of the part; the parameter's own unless given. Bytes lie in C order, so any shape of as many elements will do. */
  readonly shape?: Shape;
}

/**
 * An ONNX graph under construction. Operators (`ops.ts`) append nodes; parameters become external data at the offsets
 * that `locate` gives, so that a graph is a megabyte whatever the checkpoint weighs.
 */
export class Graph {
  readonly inputs: Value[] = [];
  readonly outputs: Value[] = [];
  readonly nodes: Node[] = [];
  readonly initializers = new Map<string, Initializer>();
  /** Every value any node produces, by name. */
  readonly values = new Map<string, Value>();
  /** What each scope (each module of a network, by its dotted path) last returned, of several values the first. For probes. */
  readonly scopes = new Map<string, Value>();
  /** No activation that could be computed in parts should take more bytes than this. */
  readonly maxTensorBytes: number;
  /** Whether the module of this dotted path computes in float32, whatever the dtype around it. */
  readonly inFloat32: (path: string) => boolean;
  readonly #locate: Locate;
  readonly #nodeNames = new Map<string, number>();
  #path = '';

  constructor(
    locate: Locate,
    { maxTensorBytes = 256 * 1024 * 1024, inFloat32 = (_path: string): boolean => false } = {},
  ) {
    this.#locate = locate;
    this.maxTensorBytes = maxTensorBytes;
    this.inFloat32 = inFloat32;
  }

  /** A value the caller feeds at each run. */
  input(name: string, shape: Shape, dtype: DType = 'float32'): Value {
    const value = { graph: this, name, dtype, shape };
    this.inputs.push(value);
    return value;
  }

  /** Makes a value readable after a run, under `name`. */
  output(name: string, value: Value): void {
    this.#append('Identity', [value], name, [{ name, dtype: value.dtype, shape: value.shape }], {}, '');
    this.outputs.push({ ...value, name });
  }

  /** A small constant kept inside the graph. Equal names must mean equal values. */
  constant(name: string, values: ArrayLike<number>, shape: Shape, dtype: DType): Value {
    return this.#initializer({ name, dtype, shape, data: encode(values, dtype) });
  }

  /** A tensor of the checkpoint, or a part of it, as an initializer of the graph. */
  parameter(path: string, shape: Shape, dtype: 'float32' | 'float16', view: ParameterView = {}): Value {
    const { location, offset } = this.#locate(path, shape, dtype);
    const row = view.row ?? 0;
    const viewShape = view.shape ?? shape;
    const rowBytes = elementCount(shape.slice(1)) * DTYPE_BYTES[dtype];
    const length = elementCount(viewShape) * DTYPE_BYTES[dtype];
    if (row * rowBytes + length > elementCount(shape) * DTYPE_BYTES[dtype]) {
      throw new RangeError(`Row ${row} in the shape [${viewShape}] is not inside ${path} [${shape}].`);
    }
    // One tensor may appear in several shapes, so the shape is part of the name unless it is the checkpoint's own.
    const name = view.shape ? `${path}[${row}:]{${viewShape}}` : path;
    return this.#initializer({
      name: dtype === 'float32' ? name : `${name}.${dtype}`,
      dtype,
      shape: viewShape,
      data: { location, offset: offset + row * rowBytes, length },
    });
  }

  /** Builds under a module's dotted path: nodes appended inside are named after it. */
  scope<T>(path: string, build: () => T): T {
    const outer = this.#path;
    this.#path = path;
    try {
      const result = build();
      const first: unknown = Array.isArray(result) ? result[0] : result;
      if (isValue(first)) this.scopes.set(path, first);
      return result;
    } finally {
      this.#path = outer;
    }
  }

  /** Appends a node of one output. */
  node(
    opType: string,
    inputs: readonly (Value | undefined)[],
    output: { readonly shape: Shape; readonly dtype: DType },
    attributes: Readonly<Record<string, Attribute>> = {},
    domain: Node['domain'] = '',
  ): Value {
    const name = this.#nodeName(opType);
    const [value] = this.#append(opType, inputs, name, [{ ...output, name: `${name}_output_0` }], attributes, domain);
    return value as Value;
  }

  /** Appends a node of several outputs. */
  multiNode(
    opType: string,
    inputs: readonly Value[],
    outputs: readonly { readonly shape: Shape; readonly dtype: DType }[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value[] {
    const name = this.#nodeName(opType);
    const named = outputs.map((output, i) => ({ ...output, name: `${name}_output_${i}` }));
    return this.#append(opType, inputs, name, named, attributes, '');
  }

  #append(
    opType: string,
    inputs: readonly (Value | undefined)[],
    name: string,
    outputs: readonly Omit<Value, 'graph'>[],
    attributes: Node['attributes'],
    domain: Node['domain'],
  ): Value[] {
    const values = outputs.map(({ name: value, dtype, shape }) => ({ graph: this, name: value, dtype, shape }));
    for (const value of values) this.values.set(value.name, value);
    this.nodes.push({
      name,
      opType,
      domain,
      inputs: inputs.map((input) => input?.name ?? ''),
      outputs: values.map((value) => value.name),
      attributes,
    });
    return values;
  }

  #initializer(initializer: Initializer): Value {
    if (!this.initializers.has(initializer.name)) this.initializers.set(initializer.name, initializer);
    const { name, dtype, shape } = initializer;
    return { graph: this, name, dtype, shape };
  }

  /** `/down_blocks.0/resnets.0/conv1/Conv`: the module's path, a slash before each attribute, then the operator. */
  #nodeName(opType: string): string {
    const path = this.#path.replace(/\.(?=\D)/g, '/');
    const name = path ? `/${path}/${opType}` : `/${opType}`;
    const earlier = this.#nodeNames.get(name) ?? 0;
    this.#nodeNames.set(name, earlier + 1);
    return earlier ? `${name}_${earlier}` : name;
  }
}

/**
 * How to cut the first axis of a tensor so that no part passes the graph's `maxTensorBytes`. Parts are of one size wherever that
 * is not much smaller than it might be, since ONNX Runtime uses a buffer again for the same size alone; else there is a smaller
 * last one. A single row above the limit stays whole.
 */
export function rowChunks(graph: Graph, dtype: DType, shape: Shape): number[] {
  const [rows] = shape as [number];
  const rowBytes = elementCount(shape.slice(1)) * DTYPE_BYTES[dtype];
  const most = Math.min(rows, Math.max(1, Math.floor(graph.maxTensorBytes / rowBytes)));
  let size = most;
  while (rows % size) size--;
  if (2 * size < most) size = most;
  const rest = rows % size;
  return [...Array<number>(Math.floor(rows / size)).fill(size), ...(rest ? [rest] : [])];
}

/** Whether it is a value of a graph. */
export function isValue(result: unknown): result is Value {
  return typeof result === 'object' && result !== null && 'graph' in result && 'dtype' in result;
}

function encode(values: ArrayLike<number>, dtype: DType): Uint8Array {
  if (dtype === 'int64') return new Uint8Array(BigInt64Array.from(Array.from(values), BigInt).buffer);
  const floats = Float32Array.from(values);
  return new Uint8Array(dtype === 'float32' ? floats.buffer : narrowToFloat16(floats).buffer);
}
