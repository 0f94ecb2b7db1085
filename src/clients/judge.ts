import type { InferenceApi, Measured } from '../../workers/inference/api';
import type { JudgedClip, Machine, Verdict } from '../models/verdict';
import { wantedBackend } from './inference';
import { WorkerHandle } from './worker-handle';

/** An inference worker of its own: judging computes for seconds, and the one with the model must stay free for the user. */
const worker = new WorkerHandle<InferenceApi>(
  () => new Worker(new URL('../../workers/inference/index.ts', import.meta.url), { type: 'module', name: 'judge' }),
);

/** How fast this machine is, by a benchmark of a few seconds. Not while a clip is made: both would be slow. */
export const measureMachine = (): Promise<Measured> => worker.call((api) => api.measure(wantedBackend()));

/** What a clip would take on a machine; `configs` are texts by their paths. */
export const judgeClip = (
  configs: Readonly<Record<string, string>>,
  clip: JudgedClip,
  machine: Machine,
  budgetBytes: number,
): Promise<Verdict> => worker.call((api) => api.judge(configs, clip, machine, budgetBytes));

/** Ends the worker; what waits for it rejects. */
export const endJudge = (reason: Error): void => worker.end(reason);
