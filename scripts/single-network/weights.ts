import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackendInfo } from '../../workers/inference/api';
import { bytesText, secondsText } from '../figures';
import { FOLDER, tensorsOf, weightPaths } from '../network-choice';
import { randomWeightsBytes, writeRandomWeights } from '../random-weights';
import type { Options } from './options';

const WASM_HEAP = 4 * 2 ** 30;

/** Where a network's weights lie, and how they came there. */
export interface WeightFiles {
  readonly paths: readonly string[];
  /** For people; empty for a checkpoint's own. */
  readonly text: string;
  readonly weightBytes?: number;
  readonly writeSeconds?: number;
}

/**
 * Paths of the network's weights: those of `model`, or random ones of SVD-XT, made now unless they were kept.
 *
 * @param onWasm whether the network runs in wasm, which holds its weights in its heap
 * @throws Error if they do not fit there
 */
export async function weightFiles(
  { network, model, keep }: Pick<Options, 'network' | 'model' | 'keep'>,
  dtype: BackendInfo['dtype'],
  onWasm: boolean,
  say: (text: string) => void,
): Promise<WeightFiles> {
  const folder = FOLDER[network];
  if (model) return { paths: weightPaths(folder, model), text: '' };
  const list = tensorsOf(folder);
  const weightBytes = randomWeightsBytes(list);
  const inMemory = dtype === 'float32' ? 2 * weightBytes : weightBytes;
  if (onWasm && inMemory > WASM_HEAP) {
    throw new Error(
      `The wasm backend holds weights in its heap: these take ${bytesText(inMemory)} in ${dtype}, and a heap has 4 GiB at most. ` +
        'Use --backend webgpu, or another --network.',
    );
  }
  const path = join(keep ?? temporaryFolder(), `${folder}.random.safetensors`);
  const what = `${bytesText(weightBytes)} of random float16 in ${list.length} tensors`;
  if (existsSync(path) && statSync(path).size === weightBytes) {
    return { paths: [path], text: `${what}, kept from before`, weightBytes };
  }
  say(`Writing ${bytesText(weightBytes)} of random weights ...`);
  const start = performance.now();
  await writeRandomWeights(path, list);
  const writeSeconds = (performance.now() - start) / 1000;
  return { paths: [path], text: `${what}, written in ${secondsText(writeSeconds)}`, weightBytes, writeSeconds };
}

/** Deleted when this program ends, however it ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stillmotion-fullsize-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
