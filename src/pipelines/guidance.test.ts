import { expect, test } from 'vitest';
import { readReference } from '../../reference/read';
import { tensor } from '../tensor/tensor';
import { applyGuidance, guidanceScale } from './guidance';

const recorded = [...readReference('stages/embeddings.safetensors')].flatMap(([name, { data }]) => {
  const [, min, max, frames] = /^guidance\.min([\d.]+)_max([\d.]+)_frames(\d+)/.exec(name) ?? [];
  return frames ? [{ min: Number(min), max: Number(max), frames: Number(frames), data }] : [];
});

test.each(recorded)(
  'weights from $min to $max over $frames frames are torch.linspace',
  ({ min, max, frames, data }) => {
    expect([...guidanceScale(min, max, frames)]).toEqual([...data]);
  },
);

test('the reference holds weights to compare with', () => {
  expect(recorded).toHaveLength(4);
});

test('a single frame gets the minimum', () => {
  expect([...guidanceScale(1, 3, 1)]).toEqual([1]);
});

test('a minimum above 1 with a maximum of 1 is refused', () => {
  expect(() => guidanceScale(1.5, 1, 5)).toThrow('turns guidance off');
  expect([...guidanceScale(1, 1, 2)]).toEqual([1, 1]);
  expect([...guidanceScale(3, 1.5, 2)]).toEqual([3, 1.5]);
});

test('each frame is guided by its own weight', () => {
  const unconditional = tensor([1, 2, 1, 1, 2], Float32Array.of(1, 2, 3, 4));
  const conditional = tensor([1, 2, 1, 1, 2], Float32Array.of(2, 4, 6, 8));
  const guided = applyGuidance(unconditional, conditional, Float32Array.of(1, 3));
  expect(guided.shape).toEqual([1, 2, 1, 1, 2]);
  expect([...guided.data]).toEqual([2, 4, 12, 16]);
});

test('tensors that do not fit each other or the weights are refused', () => {
  const two = tensor([1, 2, 1, 1, 1]);
  expect(() => applyGuidance(two, tensor([1, 2, 1, 1, 2]), Float32Array.of(1, 1))).toThrow(RangeError);
  expect(() => applyGuidance(two, two, Float32Array.of(1, 1, 1))).toThrow(RangeError);
});
