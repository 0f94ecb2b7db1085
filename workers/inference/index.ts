import { expose, transfer } from 'comlink';
import { Checkpoint, type CheckpointFiles, type Component } from '../../src/checkpoints/checkpoint';
import { planClip } from '../../src/models/plan';
import { verdict } from '../../src/models/verdict';
import type { Graph } from '../../src/onnx/graph';
import { checkSettings, type Settings } from '../../src/pipelines/settings';
import { type PipelineEvent, stableVideoDiffusion } from '../../src/pipelines/stable-video-diffusion';
import type { Picture } from '../../src/processors/picture';
import { postprocessVideo } from '../../src/processors/video';
import { schedulerFromConfig } from '../../src/schedulers/from-config';
import type { Frames, InferenceApi, ModelInfo, ModelSource, Progress } from './api';
import { type Backend, chooseBackend } from './backend';
import { checkWeights } from './check-weights';
import { heldFiles } from './held-files';
import { configsOf, measure } from './measure';
import { modelInfo } from './model-info';
import { openNetwork } from './network';
import { checkpointFacts, networksFrom } from './networks';
import { loadRuntime } from './runtime';
import { siteFiles } from './site-files';

let opened:
  | {
      readonly backend: Backend;
      readonly checkpoint: Checkpoint;
      readonly model: ModelInfo;
      /** The user holds its files: what takes time is reading them, not fetching. */
      readonly held: boolean;
    }
  | undefined;
let running: AbortController | undefined;
/** Of the running clip. Files are fetched when a network is first needed, which is in the middle of one. */
let report: (progress: Progress) => void = () => {};

const api: InferenceApi = {
  async open(source, wanted) {
    if (running) throw new Error('A clip is being made. Cancel it or let it finish, then change the model.');
    const backend = await chooseBackend(wanted);
    const checkpoint = await Checkpoint.open(await filesOf(source));
    if (source.kind === 'files') await checkWeights(checkpoint, backend.info.dtype);
    const model = await modelInfo(nameOf(source), checkpoint, backend.info.dtype, backend.defaultBudgetBytes);
    opened = { backend, checkpoint, model, held: source.kind === 'files' };
    return { backend: backend.info, model };
  },

  async measure(wanted) {
    if (running) throw new Error('A clip is being made. Cancel it or let it finish, then measure this machine.');
    return measure(await loadRuntime(), await chooseBackend(wanted));
  },

  async judge(configs, clip, machine, budgetBytes) {
    return verdict(configsOf(configs), clip, machine, budgetBytes);
  },

  async generate(picture, settings, onProgress, budgetBytes) {
    if (running) throw new Error('A clip is being made already. Cancel it, or wait until it is done.');
    running = new AbortController();
    report = onProgress;
    try {
      const frames = await generate(picture, settings, running.signal, budgetBytes);
      return transfer(frames, [frames.rgba.buffer]);
    } finally {
      running = undefined;
      report = () => {};
    }
  },

  async cancel() {
    running?.abort(new DOMException('The clip was cancelled.', 'AbortError'));
  },
};

function filesOf(source: ModelSource): Promise<CheckpointFiles> | CheckpointFiles {
  if (source.kind === 'files') return heldFiles(source.files);
  return siteFiles(source.url, (path, loadedBytes, totalBytes) => {
    const [part] = path.split('/') as [Component];
    if (path.endsWith('.safetensors')) report({ stage: 'loading', part, loadedBytes, totalBytes });
  });
}

const nameOf = (source: ModelSource) =>
  source.kind === 'files' ? source.name : decodeURIComponent(source.url.split('/').findLast(Boolean) ?? 'model');

async function generate(
  picture: Picture,
  settings: Settings,
  signal: AbortSignal,
  allowedBytes: number | undefined,
): Promise<Frames> {
  if (!opened) throw new Error('No model is open.');
  const { backend, checkpoint, model, held } = opened;
  const budgetBytes = allowedBytes ?? backend.defaultBudgetBytes;
  checkSettings(settings, model.sizeMultiple);
  const { width, height, numFrames, fps } = settings;
  const scheduler = schedulerFromConfig(checkpoint.scheduler, settings.numInferenceSteps);
  const runtime = await loadRuntime();
  const networks = networksFrom(
    checkpoint,
    backend.info.dtype,
    async (graph, blobs, part) =>
      openNetwork(runtime, graph, blobs, await backend.device?.(), held ? countReads(part, graph) : undefined),
    {
      plan: remembered((dtype) => planClip(checkpoint, { ...settings, frames: numFrames }, dtype, budgetBytes)),
      onSecondTry: (network) =>
        report({
          stage: 'notice',
          text: `The ${network} gave numbers beyond half precision; it was run again in full precision, which is slower.`,
        }),
    },
  );
  const rgba = new Uint8Array(numFrames * height * width * 4);
  for await (const event of stableVideoDiffusion(picture, settings, checkpointFacts(checkpoint), networks, scheduler)) {
    signal.throwIfAborted();
    if (event.stage === 'decoding') rgba.set(postprocessVideo(event.sample), event.first * height * width * 4);
    report(progressOf(event));
  }
  return { width, height, numFrames, fps, rgba };
}

/** Reports how much of a network's weights has been read. */
function countReads(part: Component, { initializers }: Graph): (bytes: number) => void {
  const stored = [...initializers.values()].flatMap(({ data }) => ('location' in data ? [data.length] : []));
  const totalBytes = stored.reduce((sum, length) => sum + length, 0);
  let loadedBytes = 0;
  return (bytes) => {
    loadedBytes = Math.min(totalBytes, loadedBytes + bytes);
    report({ stage: 'loading', part, loadedBytes, totalBytes });
  };
}

/** A plan takes seconds to make, and every stage asks for it. */
function remembered<Key, Result>(work: (key: Key) => Result): (key: Key) => Result {
  const done = new Map<Key, Result>();
  return (key) => {
    const result = done.get(key) ?? work(key);
    done.set(key, result);
    return result;
  };
}

function progressOf(event: PipelineEvent): Progress {
  switch (event.stage) {
    case 'encoding':
      return event;
    case 'denoising':
      return { stage: event.stage, step: event.step, total: event.total };
    case 'decoding':
      return { stage: event.stage, frame: event.first + (event.sample.shape[0] as number), total: event.total };
  }
}

expose(api);
