import { create } from 'zustand';
import type { BackendInfo, ModelInfo, ModelSource } from '../../workers/inference/api';
import type { OnTransfer } from '../../workers/model-files/api';
import { openModel } from '../clients/inference';
import { type ModelId, SITE_MODEL, titleOf, useActiveModel } from './active-model';
import { inGpuTurn } from './gpu';
import { type Sourced, sourceOf } from './model-source';
import { useSettings } from './settings';
import { dropImpossible } from './settings-fields';

export type Engine =
  | { readonly state: 'opening' }
  | {
      readonly state: 'ready';
      readonly id: ModelId;
      readonly source: ModelSource;
      /** The models whose files it reads: itself, and one that lends it what it lacks. */
      readonly of: readonly ModelId[];
      readonly backend: BackendInfo;
      readonly model: ModelInfo;
    }
  | { readonly state: 'failed'; readonly message: string };

/** What should be known of the model in use. */
export interface EngineNotice {
  readonly text: string;
  /** This model lies on the user's disk, and a click may open it. */
  readonly allow?: ModelId;
}

interface EngineState {
  readonly engine: Engine;
  readonly notice: EngineNotice | null;
  /** Opens the model in use, again where its worker has ended; on the first visit of a session the one that was chosen. */
  open(): Promise<void>;
  /** Takes another model. Where it cannot be opened, the one in use stays, and the error says why. */
  use(id: ModelId, onProgress: OnTransfer, signal: AbortSignal): Promise<void>;
  dismiss(): void;
}

/** The model and where it runs: known from the first visit on, before any clip is made. */
export const useEngine = create<EngineState>()((set, get) => {
  /** Models are opened one after the other: the worker holds one. */
  let last: Promise<unknown> = Promise.resolve();
  function inTurn<T>(job: () => Promise<T>): Promise<T> {
    const turn = last.then(job);
    last = turn.catch(() => {});
    return turn;
  }

  async function openAs(id: ModelId, sourced: Sourced) {
    const opened = await openModel(sourced.source);
    set({ engine: { state: 'ready', id, ...sourced, ...opened } });
  }

  async function openChosen() {
    const { chosen } = useActiveModel.getState();
    const { signal } = new AbortController();
    try {
      await openAs(chosen, await sourceOf(chosen, () => {}, signal));
    } catch (error) {
      if (chosen === SITE_MODEL) throw error;
      set({ notice: sayAbsent(chosen, error as Error) });
      await openAs(SITE_MODEL, await sourceOf(SITE_MODEL, () => {}, signal));
    }
  }

  return {
    engine: { state: 'opening' },
    notice: null,

    open: () =>
      inTurn(async () => {
        const { engine } = get();
        if (engine.state === 'failed') set({ engine: { state: 'opening' } });
        try {
          await (engine.state === 'ready' ? openAs(engine.id, engine) : openChosen());
        } catch (error) {
          // A model that was open once keeps its form; the next clip tries to open it again.
          if (get().engine.state !== 'ready') set({ engine: { state: 'failed', message: (error as Error).message } });
          throw error;
        }
      }),

    // The GPU's turn comes first, as it does for a clip, which opens the model while it has the GPU.
    use: (id, onProgress, signal) =>
      inGpuTurn('user', () =>
        inTurn(async () => {
          const sourced = await sourceOf(id, onProgress, signal).catch((error: Error) => {
            // It was asked for in this notice, and the page that shows it may be the only one in view.
            if (get().notice?.allow === id) set({ notice: sayAbsent(id, error) });
            throw error;
          });
          const opened = await openModel(sourced.source);
          const { chosen, choose } = useSettings.getState();
          const { impossible, text } = dropImpossible(chosen, opened.model);
          choose(impossible);
          useActiveModel.getState().choose(id);
          set({ engine: { state: 'ready', id, ...sourced, ...opened }, notice: text ? { text } : null });
        }),
      ),

    dismiss: () => set({ notice: null }),
  };
});

/** Why the model that was chosen last time is not the one in use. */
function sayAbsent(id: ModelId, { name, message }: Error): EngineNotice {
  const title = titleOf(id);
  if (name === 'PermissionError') {
    return { text: `${title} lies on your disk, and the browser asks again whether this page may read it.`, allow: id };
  }
  return { text: `${title} could not be opened, so SVD-nano is in use. ${message}` };
}
