import { isValue, type ParameterView, type Value } from '../onnx/graph';
import { cast } from '../onnx/ops';
import type { Shape } from '../tensor/tensor';

/**
 * Networks as trees of modules, after PyTorch: a module owns parameters and other modules as properties, and `forward`
 * says what it computes. A property's name is its key in the checkpoint, so no mapping of names exists anywhere.
 */

/** A tensor of the checkpoint. It holds no numbers: a graph reads them from the weight file. */
export class Parameter {
  /** Dotted path in the checkpoint, set by `named`. */
  path = '';

  constructor(readonly shape: Shape) {}

  /** The parameter, or a part of it, as a value of the graph that `x` is in, and of its dtype. */
  in(x: Value, view?: ParameterView): Value {
    return x.graph.parameter(this.path, this.shape, x.dtype as 'float32' | 'float16', view);
  }
}

/** A part of a network. `Inputs` begin with a value, whose graph and dtype the module adopts. */
export abstract class Module<Inputs extends readonly [Value, ...unknown[]] = [x: Value], Output = Value> {
  /** Dotted path in the checkpoint, set by `named`; '' for the root. */
  path = '';

  /** What the module computes. Callers use `call`. */
  protected abstract forward(...inputs: Inputs): Output;

  /**
   * Appends the module's nodes, named after its path, to the graph of its first input. Where the graph wants the module in
   * float32 and its inputs are float16, they are widened and its result is narrowed again.
   */
  call(...inputs: Inputs): Output {
    const [{ graph, dtype }] = inputs;
    return graph.scope(this.path, () => {
      if (dtype !== 'float16' || !graph.inFloat32(this.path)) return this.forward(...inputs);
      const widened = inputs.map((input) => (isValue(input) ? cast(input, 'float32') : input));
      const output = this.forward(...(widened as unknown as Inputs));
      return isValue(output) ? (cast(output, 'float16') as Output) : output;
    });
  }
}

/** Holds a numbered place of a list open where the checkpoint has a layer without parameters, such as dropout. */
export const SKIPPED = null;

/** Gives every module and parameter of a network its path. Returns the network. */
export function named<T extends object>(network: T): T {
  for (const [path, part] of parts(network, '')) part.path = path;
  return network;
}

/** Every parameter of a named network, in order of declaration. */
export function parameters(network: object): Parameter[] {
  return [...parts(network, '')].map(([, part]) => part).filter((part) => part instanceof Parameter);
}

/** Every module and parameter below `owner`, each with its path. */
export function* parts(owner: object, prefix: string): Generator<[path: string, part: Module | Parameter]> {
  for (const [key, child] of Object.entries(owner)) {
    if (typeof child !== 'object' || child === null) continue;
    const path = prefix ? `${prefix}.${key}` : key;
    if (child instanceof Parameter) yield [path, child];
    else if (child instanceof Module) {
      yield [path, child];
      yield* parts(child, path);
    } else if (Array.isArray(child)) yield* parts(child, path);
  }
}
