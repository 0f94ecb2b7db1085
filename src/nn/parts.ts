import { rowChunks, type Value } from '../onnx/graph';
import { concat, reshape, slice } from '../onnx/ops';
import { elementCount } from '../tensor/tensor';

/** A value and the axis that it is cut along. */
export type Cut = readonly [value: Value, axis: number];

/**
 * Computes part by part along an axis, so that no tensor of a part passes the graph's `maxTensorBytes`, and joins the results
 * along `joinAxis`. A part is done, and its tensors dead, before the next is begun.
 *
 * `compute` must treat every index of the axis by itself: then the numbers are the same however many parts there are.
 *
 * @param cuts values that have as many elements each along their axes
 * @param width elements of the largest tensor inside `compute`, for one index of the axis
 */
export function inParts(
  cuts: readonly [Cut, ...Cut[]],
  width: number,
  compute: (...parts: Value[]) => Value,
  joinAxis = cuts[0][1],
): Value {
  const [[{ graph, dtype, shape }, axis]] = cuts;
  const sizes = rowChunks(graph, dtype, [shape[axis] as number, width]);
  let start = 0;
  const results = sizes.map((size) => {
    const parts = cuts.map(([value, along]) => slice(value, along, start, size));
    start += size;
    return compute(...parts);
  });
  return joined(results, joinAxis);
}

/**
 * Joined as [before, axis, after]. Parts that come from convolutions would else be joined channels last, as ONNX Runtime runs
 * those, and the whole transposed after: one more tensor of the full size. It moves no transposition behind a Reshape.
 */
function joined(parts: readonly Value[], axis: number): Value {
  const [first] = parts as [Value];
  if (parts.length === 1) return first;
  const before = first.shape.slice(0, axis);
  const after = first.shape.slice(axis + 1);
  const sizes = parts.map(({ shape }) => shape[axis] as number);
  const flat = parts.map((part, i) => reshape(part, [elementCount(before), sizes[i] as number, elementCount(after)]));
  return reshape(concat(flat, 1), [...before, sizes.reduce((sum, size) => sum + size, 0), ...after]);
}
