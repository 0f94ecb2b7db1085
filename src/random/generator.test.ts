import { describe, expect, test } from 'vitest';
import { get, readReference } from '../../reference/read';
import { Generator } from './generator';

const reference = readReference('rng/rng.safetensors');
const seeds = [0, 1, 42, 1234567, 4294967294];

/** The draws recorded of one seed under one heading, as [shape, values]. */
function draws(seed: number, heading: string): [shape: number[], values: number[]][] {
  const prefix = `seed${seed}.${heading}.`;
  return [...reference]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, { data }]) => [name.slice(prefix.length).split('x').map(Number), [...data]]);
}

describe.each(seeds)('seed %i', (seed) => {
  const recorded = (name: string) => [...get(reference, `seed${seed}.${name}`).data];

  test.each(draws(seed, 'randn'))('draws the bits torch draws for shape %j', (shape, expected) => {
    expect([...new Generator(seed).randn(shape).data]).toEqual(expected);
  });

  test.each(draws(seed, 'randn_fp16'))('draws the float16 bits torch draws for shape %j', (shape, expected) => {
    expect([...new Generator(seed).randn(shape, 'float16').data]).toEqual(expected);
  });

  test('keeps the second normal of a pair for the next small draw, even across a large one', () => {
    const small = new Generator(seed);
    for (const draw of ['first', 'second']) {
      expect([...small.randn([5]).data]).toEqual(recorded(`seq_5_then_5.${draw}`));
    }
    const mixed = new Generator(seed);
    for (const [draw, count] of [
      ['first', 5],
      ['second', 64],
      ['third', 5],
    ] as const) {
      expect([...mixed.randn([count]).data]).toEqual(recorded(`seq_5_then_64_then_5.${draw}`));
    }
  });

  test('draws 16 more numbers for an incomplete last group', () => {
    const generator = new Generator(seed);
    expect([...generator.randn([17]).data]).toEqual(recorded('seq_17_then_64.first'));
    expect([...generator.randn([64]).data]).toEqual(recorded('seq_17_then_64.second'));
  });

  test('draws the noise of a clip: the augmentation first, then the latents', () => {
    const generator = new Generator(seed);
    const noise = generator.randn([1, 3, 64, 128]).data;
    const corner = [0, 1, 2].flatMap((channel) =>
      [0, 1, 2, 3].flatMap((row) => [...noise.subarray((channel * 64 + row) * 128).subarray(0, 32)]),
    );
    expect(corner).toEqual(recorded('seq_svd.noise_aug_1x3x64x128'));
    expect([...generator.randn([1, 5, 4, 8, 16]).data]).toEqual(recorded('seq_svd.latents_1x5x4x8x16'));
  });
});

test.each([-1, 0.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY])('a seed of %d is refused', (seed) => {
  expect(() => new Generator(seed)).toThrow(RangeError);
});

test('a scalar is one number, and a shape with a zero none', () => {
  expect(new Generator(0).randn([]).data).toHaveLength(1);
  expect(new Generator(0).randn([0, 4]).data).toHaveLength(0);
});
