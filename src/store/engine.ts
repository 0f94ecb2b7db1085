import { create } from 'zustand';
import type { BackendInfo, ModelInfo, ModelSource } from '../../workers/inference/api';
import { openModel } from '../clients/inference';
import { siteModel } from '../clients/models';

export type Engine =
  | { readonly state: 'opening' }
  | {
      readonly state: 'ready';
      readonly backend: BackendInfo;
      readonly model: ModelInfo;
      readonly source: ModelSource;
    }
  | { readonly state: 'failed'; readonly message: string };

/** The model and where it runs: known from the first visit on, before any clip is made. */
export const useEngine = create<{ readonly engine: Engine; open(): Promise<void> }>()((set, get) => ({
  engine: { state: 'opening' },

  async open() {
    if (get().engine.state === 'failed') set({ engine: { state: 'opening' } });
    try {
      const { engine } = get();
      const source = engine.state === 'ready' ? engine.source : await siteModel();
      set({ engine: { state: 'ready', source, ...(await openModel(source)) } });
    } catch (error) {
      // A model that was open once keeps its form; the next clip tries to open it again.
      if (get().engine.state !== 'ready') set({ engine: { state: 'failed', message: (error as Error).message } });
      throw error;
    }
  },
}));
