import { create } from 'zustand';
import type { Measured } from '../../workers/inference/api';
import { KNOWN_MODELS, type KnownModel, type KnownModelId, knownModel } from '../checkpoints/known-models';
import { endJudge, judgeClip, measureMachine } from '../clients/judge';
import type { JudgedClip, Verdict } from '../models/verdict';
import { isWorking, useGeneration } from './generation';
import { useMemory } from './memory';

/** What a model would take here, at its own size and settings. */
export interface Judged {
  readonly clip: JudgedClip;
  readonly verdict: Verdict;
  /** What the nearest setting that fits would take, where the model's own does not. */
  readonly smaller?: { readonly clip: JudgedClip; readonly verdict: Verdict };
}

export type Judging =
  | { readonly state: 'unasked' }
  | { readonly state: 'measuring' }
  | { readonly state: 'measured'; readonly measured: Measured; readonly busy: boolean }
  | { readonly state: 'failed'; readonly message: string };

interface VerdictsState {
  readonly judging: Judging;
  /** Memory that is judged for. */
  readonly budgetBytes: number;
  readonly verdicts: Readonly<Partial<Record<KnownModelId, Judged>>>;
  /** Measures this machine, then judges one model after the other. */
  measure(): Promise<void>;
  setBudget(bytes: number): Promise<void>;
}

/** The size that SVD was trained at. */
const FULL_SIZE = { width: 1024, height: 576 };

export const useVerdicts = create<VerdictsState>()((set, get) => {
  /** A new budget makes what is being judged worthless. */
  let latest = 0;

  async function judgeAll(measured: Measured) {
    const turn = ++latest;
    set({ judging: { state: 'measured', measured, busy: true }, verdicts: {} });
    const known = new Map<string, Promise<Judged>>();
    for (const model of KNOWN_MODELS) {
      // SVD-XT and SVD-XT 1.1 differ in their weights alone, and a judgement takes seconds.
      const key = JSON.stringify([model.configs['unet/config.json'], model.generation]);
      const judging = known.get(key) ?? judge(model, measured, get().budgetBytes);
      known.set(key, judging);
      const judged = await judging.catch((error: Error) => error);
      if (turn !== latest) return;
      if (judged instanceof Error) return fail(judged);
      set(({ verdicts }) => ({ verdicts: { ...verdicts, [model.id]: judged } }));
    }
    set({ judging: { state: 'measured', measured, busy: false } });
    // The benchmark's networks and the runtime take memory that a clip may need.
    endJudge(new Error('Everything was judged.'));
  }

  function fail(error: Error) {
    endJudge(error);
    set({ judging: { state: 'failed', message: error.message } });
  }

  return {
    judging: { state: 'unasked' },
    budgetBytes: 0,
    verdicts: {},

    async measure() {
      if (isWorking(useGeneration.getState().run)) {
        const message = 'A clip is being made. Let it finish, then measure this machine.';
        return set({ judging: { state: 'failed', message } });
      }
      set({ judging: { state: 'measuring' } });
      try {
        const measured = await measureMachine();
        const { gpuBytes } = useMemory.getState();
        const chosen = measured.info.backend === 'webgpu' ? gpuBytes : undefined;
        set({ budgetBytes: chosen ?? measured.defaultBudgetBytes });
        await judgeAll(measured);
      } catch (error) {
        fail(error as Error);
      }
    },

    async setBudget(budgetBytes) {
      const { judging } = get();
      useMemory.getState().allow(budgetBytes);
      set({ budgetBytes });
      if (judging.state !== 'measured') return;
      // What is being judged for the old budget would only keep the new waiting.
      latest++;
      endJudge(new Error('The budget changed.'));
      await judgeAll(judging.measured);
    },
  };
});

async function judge(model: KnownModel, { machine }: Measured, budgetBytes: number): Promise<Judged> {
  const { numFrames, generation } = model;
  const clip: JudgedClip = {
    ...FULL_SIZE,
    frames: numFrames,
    numInferenceSteps: generation.num_inference_steps,
    maxGuidanceScale: generation.max_guidance_scale,
  };
  // What a model borrows is SVD's own.
  const configs = { ...knownModel('svd').configs, ...model.configs };
  const verdict = await judgeClip(configs, clip, machine, budgetBytes);
  if (!verdict.nearest) return { clip, verdict };
  const nearest = { ...clip, ...verdict.nearest };
  return {
    clip,
    verdict,
    smaller: { clip: nearest, verdict: await judgeClip(configs, nearest, machine, budgetBytes) },
  };
}
