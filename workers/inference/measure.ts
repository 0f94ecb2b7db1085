import { ConfigError, clipVisionConfig, parseConfig, unetConfig, vaeConfig } from '../../src/models/config';
import type { PlannedConfigs } from '../../src/models/plan';
import type { Measured } from './api';
import type { Backend } from './backend';
import { benchmark } from './benchmark';
import { openNetwork, type Runtime } from './network';

/** Takes about three seconds of computing, more on an emulated GPU. */
export async function measure(
  runtime: Runtime,
  { info, device, maxTensorBytes, defaultBudgetBytes }: Backend,
): Promise<Measured> {
  const { backend, dtype } = info;
  const flops = await benchmark(dtype, async (graph) => openNetwork(runtime, graph, new Map(), await device?.()));
  return {
    info,
    machine: { backend, dtype, flops, maxTensorBytes },
    defaultBudgetBytes,
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
