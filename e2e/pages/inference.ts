import { proxy, wrap } from 'comlink';
import { KNOWN_MODELS, type KnownModel } from '../../src/checkpoints/known-models';
import { siteModel } from '../../src/clients/models';
import type { Settings } from '../../src/pipelines/settings';
import type { Picture } from '../../src/processors/picture';
import type { BackendInfo, InferenceApi } from '../../workers/inference/api';

/** The inference worker without the app around it: `frames` are the numbers before any encoder has touched them. */

/** A hill of light on a slope of colour, which no flip and no swap of channels leaves as it is. */
function picture(width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i += 3) {
    const x = ((i / 3) % width) / width;
    const y = Math.floor(i / 3 / width) / height;
    const light = 90 * Math.exp(-30 * ((x - 0.3) ** 2 + (y - 0.6) ** 2));
    data.set([160 * x + light, 160 * y + light, 120 * (1 - x) + light], i);
  }
  return { width, height, data };
}

/** One clip, RGBA frame after frame, made on `backend` with the model's own settings but for `changes`. */
async function frames(backend: BackendInfo['backend'], changes: Partial<Settings>): Promise<Uint8Array> {
  const worker = new Worker(new URL('../../workers/inference/index.ts', import.meta.url), { type: 'module' });
  const api = wrap<InferenceApi>(worker);
  try {
    const opened = await api.open(await siteModel(), backend);
    if (opened.backend.backend !== backend) throw new Error(`It runs on ${opened.backend.backend}.`);
    const settings = { ...opened.model.defaults, ...changes };
    const { rgba } = await api.generate(
      picture(settings.width, settings.height),
      settings,
      proxy(() => {}),
    );
    return rgba;
  } finally {
    worker.terminate();
  }
}

/** How fast `backend` is, how long it took to find out, and whether SVD-XT at its full size would fit. */
async function measure(backend: BackendInfo['backend']) {
  const worker = new Worker(new URL('../../workers/inference/index.ts', import.meta.url), { type: 'module' });
  const api = wrap<InferenceApi>(worker);
  try {
    const start = performance.now();
    const measured = await api.measure(backend);
    const seconds = (performance.now() - start) / 1000;
    const { configs } = KNOWN_MODELS.find(({ id }) => id === 'svd-xt') as KnownModel;
    const clip = { frames: 25, width: 1024, height: 576, numInferenceSteps: 25, maxGuidanceScale: 3 };
    const verdict = await api.judge(configs, clip, measured.machine, 4 * 2 ** 30);
    return { measured, verdict, seconds };
  } finally {
    worker.terminate();
  }
}

const inferencePageApi = { measure, frames };
declare global {
  var inferencePage: typeof inferencePageApi;
}
globalThis.inferencePage = inferencePageApi;
