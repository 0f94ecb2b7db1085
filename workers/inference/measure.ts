import { ConfigError, clipVisionConfig, parseConfig, unetConfig, vaeConfig } from '../../src/models/config';
import type { PlannedConfigs } from '../../src/models/plan';
import type { Measured } from './api';
import { type Backend, WASM_HEAP_BYTES } from './backend';
import { benchmark } from './benchmark';
import { openNetwork, type Runtime } from './network';

/**
 * What a clip may take of a GPU unless the user says otherwise: WebGPU does not tell how much memory there is, and 8 GB is
 * what graphics cards for video have at least. Filling the GPU until it refuses would tell, but what refuses first may be the
 * user's desktop.
 */
const GPU_BUDGET_BYTES = 8 * 2 ** 30;

/** Takes about three seconds of computing, more on an emulated GPU. */
export async function measure(runtime: Runtime, { info, device, maxTensorBytes }: Backend): Promise<Measured> {
  const { backend, dtype } = info;
  const flops = await benchmark(dtype, async (graph) => openNetwork(runtime, graph, new Map(), await device?.()));
  return {
    info,
    machine: { backend, dtype, flops, maxTensorBytes },
    defaultBudgetBytes: backend === 'webgpu' ? GPU_BUDGET_BYTES : WASM_HEAP_BYTES,
  };
}

/**
 * The configs of a checkpoint that need not be here yet.
 *
 * @throws ConfigError
 */
export function configsOf(texts: Readonly<Record<string, string>>): PlannedConfigs {
  const json = (path: string): unknown => {
    const text = texts[path];
    if (text === undefined) throw new ConfigError(`The model has no ${path}.`);
    return JSON.parse(text);
  };
  return {
    unet: parseConfig('unet/config.json', unetConfig, json('unet/config.json')),
    vae: parseConfig('vae/config.json', vaeConfig, json('vae/config.json')),
    imageEncoder: parseConfig('image_encoder/config.json', clipVisionConfig, json('image_encoder/config.json')),
  };
}
