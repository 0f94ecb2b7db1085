import { mkdirSync } from 'node:fs';
import type { parseArgs } from 'node:util';
import { NETWORKS } from '../../e2e/pages/network-graph';
import { fail } from '../setup.mjs';

/** Options of the tools that run one network at its true size. */
export const OPTIONS = {
  network: { type: 'string' },
  frames: { type: 'string', default: '2' },
  size: { type: 'string', default: '64x64' },
  dtype: { type: 'string' },
  backend: { type: 'string' },
  gpu: { type: 'string' },
  model: { type: 'string' },
  keep: { type: 'string' },
  chromium: { type: 'string' },
} as const;

export type Options = ReturnType<typeof readOptions>;

/**
 * @param values as `parseArgs` gave them
 * @param backends that the tool can run on, the usual one first
 */
export function readOptions<Backend extends string>(
  values: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'],
  backends: readonly [Backend, ...Backend[]],
) {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(values.size) ?? fail('--size is WIDTHxHEIGHT, such as 1024x576.');
  const frames = Number(values.frames);
  if (!(Number.isInteger(frames) && frames > 0)) fail('--frames is a whole number from 1 on.');
  if (values.keep) mkdirSync(values.keep, { recursive: true });
  return {
    network: oneOf('network', values.network ?? 'unet', NETWORKS),
    frames,
    width: Number(width),
    height: Number(height),
    dtype: values.dtype === undefined ? undefined : oneOf('dtype', values.dtype, ['float16', 'float32']),
    backend: oneOf('backend', values.backend ?? backends[0], backends),
    gpu: values.gpu === undefined ? undefined : oneOf('gpu', values.gpu, ['real', 'swiftshader']),
    model: values.model,
    keep: values.keep,
    chromium: values.chromium,
  };
}

export function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  return allowed.find((each) => each === value) ?? fail(`--${option} is one of ${allowed.join(', ')}, not "${value}".`);
}
