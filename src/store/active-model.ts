import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { KNOWN_MODELS, type KnownModelId, knownModel } from '../checkpoints/known-models';

/** The model that the site carries. */
export const SITE_MODEL = 'svd-nano';

export type ModelId = typeof SITE_MODEL | KnownModelId;

/** For people. */
export const titleOf = (id: ModelId): string => (id === SITE_MODEL ? 'SVD-nano' : knownModel(id).title);

interface ActiveModelState {
  /** The model that the user chose to make clips with; it may be out of reach for now. */
  readonly chosen: ModelId;
  choose(id: ModelId): void;
}

/** Kept from visit to visit in localStorage. */
export const useActiveModel = create<ActiveModelState>()(
  persist((set) => ({ chosen: SITE_MODEL, choose: (chosen) => set({ chosen }) }), {
    name: 'stillmotion.model',
    version: 1,
    merge: (saved, current) => {
      // Anyone can write there, and a later version of the app may know other models.
      const { chosen } = (saved ?? {}) as { chosen?: unknown };
      return { ...current, chosen: KNOWN_MODELS.find(({ id }) => id === chosen)?.id ?? SITE_MODEL };
    },
  }),
);
