import { join } from 'node:path';
import * as ort from 'onnxruntime-web';
import { expect, test, vi } from 'vitest';
import { filesOf } from '../../reference/tiny-checkpoint';
import type { CheckpointFiles } from '../../src/checkpoints/checkpoint';
import { openNetwork } from '../../workers/inference/network';
import { rng } from './arithmetic';
import type { Bench, Check } from './check';
import { pipelines } from './pipeline';
import { passes } from './verify';

// The stages have tests of their own; here are whole runs, and the checker itself.

// Half a minute of work, more on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

const reference = filesOf(join(import.meta.dirname, '../../reference'));

const benchOf = (files: CheckpointFiles): Bench => ({
  files,
  open: (graph, blobs) => openNetwork({ ort, readsBlobs: false }, graph, blobs),
});

/** The reference with one file's text changed. */
function altered(changed: string, change: (text: string) => string): CheckpointFiles {
  return {
    paths: reference.paths,
    open: async (path) => {
      const blob = await reference.open(path);
      return path === changed ? new Blob([change(await blob.text())]) : blob;
    },
  };
}

async function all(checks: AsyncIterable<Check>): Promise<Check[]> {
  const done: Check[] = [];
  for await (const check of checks) done.push(check);
  return done;
}

test('the same checkpoint, seed and settings give the clip of diffusers, after each step and in pixels', async () => {
  ort.env.wasm.numThreads = 1;
  const checks = await all(pipelines(benchOf(reference)));
  expect(checks.filter((check) => !passes(check))).toEqual([]);
  expect(checks.map((check) => check.case)).toEqual(
    expect.arrayContaining([
      'cfg_3steps latents_after_step_02',
      'cfg_3steps frame_04.png',
      'lcm_4steps latents_after_step_03',
      'lcm_4steps decoded_frames 0',
    ]),
  );
});

test('another seed fails', async () => {
  const meta = 'pipeline/pipeline_meta.json';
  const only = (text: string) => {
    const { cfg_3steps } = JSON.parse(text) as { cfg_3steps: { seed: number } };
    return JSON.stringify({ cfg_3steps: { ...cfg_3steps, seed: cfg_3steps.seed + 1 } });
  };
  const checks = await all(pipelines(benchOf(altered(meta, only))));
  expect(checks.filter(passes)).toEqual([]);
});

test('a folder without a part skips it, and one with nothing yields no check', async () => {
  const without = (part: string) => ({ ...reference, paths: reference.paths.filter((path) => !path.startsWith(part)) });
  expect(await all(rng(benchOf(without('rng/'))))).toEqual([]);
  expect(await all(pipelines(benchOf(without('tiny/'))))).toEqual([]);
});

test('NaN passes no limit', () => {
  expect(passes({ stage: 'a stage', case: 'a case', error: Number.NaN, limit: 1 })).toBe(false);
});
