import { create } from 'zustand';
import type { BackendInfo, ModelInfo } from '../../workers/inference/api';
import { openModel } from '../clients/inference';

export type Engine =
  | { readonly state: 'opening' }
  | { readonly state: 'ready'; readonly backend: BackendInfo; readonly model: ModelInfo }
  | { readonly state: 'failed'; readonly message: string };

/** The model and where it runs: known from the first visit on, before any clip is made. */
export const useEngine = create<{ readonly engine: Engine; open(): Promise<void> }>()((set, get) => ({
  engine: { state: 'opening' },

  async open() {
    if (get().engine.state === 'failed') set({ engine: { state: 'opening' } });
    try {
      set({ engine: { state: 'ready', ...(await openModel()) } });
    } catch (error) {
      // A model that was open once keeps its form; the next clip tries to open it again.
      if (get().engine.state !== 'ready') set({ engine: { state: 'failed', message: (error as Error).message } });
      throw error;
    }
  },
}));
