import { expect, test } from 'vitest';
import { narrowToFloat16, widenFloat16 } from '../tensor/half';
import { type Tensor, tensor } from '../tensor/tensor';
import { withSecondTry } from './second-try';
import type { Network } from './stable-video-diffusion';

/** Networks that double their numbers in a dtype, and a log of what was done with them. */
function doublers() {
  const log: string[] = [];
  const open = async (dtype: 'float32' | 'float16', name = 'it'): Promise<Network<{ readonly x: Tensor }>> => {
    log.push(`open ${name} in ${dtype}`);
    return {
      async run({ x }) {
        log.push(`run ${name} in ${dtype}`);
        const doubled = x.data.map((value) => 2 * value);
        return tensor(x.shape, dtype === 'float32' ? doubled : widenFloat16(narrowToFloat16(doubled)));
      },
      async release() {
        log.push(`release ${name} in ${dtype}`);
      },
    };
  };
  return { log, open };
}

const x = (value: number) => ({ x: tensor([1], Float32Array.of(value)) });

test('a run that overflows is done again in float32, and so are all after it', async () => {
  const { log, open } = doublers();
  const network = await withSecondTry('float16', open, () => log.push('told'))('it');
  const results = [];
  for (const value of [1, 40_000, 3]) results.push((await network.run(x(value))).data[0]);
  await network.release();
  expect(results).toEqual([2, 80_000, 6]);
  expect(log).toEqual([
    'open it in float16',
    'run it in float16',
    'run it in float16',
    'release it in float16',
    'told',
    'open it in float32',
    'run it in float32',
    'run it in float32',
    'release it in float32',
  ]);
});

test('the stage’s next network is opened in float32 at once', async () => {
  const { log, open } = doublers();
  const stage = withSecondTry('float16', open, () => {});
  const first = await stage('two frames');
  await first.run(x(40_000));
  await first.release();
  log.length = 0;
  await (await stage('one frame')).run(x(40_000));
  expect(log).toEqual(['open one frame in float32', 'run one frame in float32']);
});

test('what float32 gives is returned as it is', async () => {
  const { open } = doublers();
  const network = await withSecondTry('float16', open, () => {})('it');
  expect((await network.run(x(3e38))).data[0]).toBe(Number.POSITIVE_INFINITY);
});

test('a network that cannot be opened in float32 leaves nothing to release', async () => {
  const { log, open } = doublers();
  const failing = async (dtype: 'float32' | 'float16', name: string) => {
    if (dtype === 'float32') throw new Error('No memory for it.');
    return open(dtype, name);
  };
  const network = await withSecondTry('float16', failing, () => {})('it');
  await expect(network.run(x(40_000))).rejects.toThrow('No memory for it.');
  await network.release();
  expect(log.filter((line) => line.startsWith('release'))).toEqual(['release it in float16']);
});
