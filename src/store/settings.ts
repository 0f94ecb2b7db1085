import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import type { Settings } from '../pipelines/settings';
import { type Chosen, readChosen } from './settings-fields';

interface SettingsState {
  readonly chosen: Chosen;
  /** Sets some; `undefined` hands one back to the model (a size: to the picture, the seed: to chance). */
  choose(changes: { readonly [Key in keyof Settings]?: Settings[Key] | undefined }): void;
  reset(): void;
}

/** What the user chose, kept from visit to visit in localStorage. */
export const useSettings = create<SettingsState>()(
  persist(
    (set) => ({
      chosen: {},
      choose: (changes) =>
        set(({ chosen }) => ({
          chosen: Object.fromEntries(
            Object.entries({ ...chosen, ...changes }).filter(([, value]) => value !== undefined),
          ),
        })),
      reset: () => set({ chosen: {} }),
    }),
    {
      name: 'stillmotion.settings',
      version: 1,
      partialize: ({ chosen }) => ({ chosen }),
      merge: (saved, current) => ({ ...current, chosen: readChosen((saved as { chosen?: unknown } | null)?.chosen) }),
    },
  ),
);

/** 32 bits from the system's generator. */
export const drawSeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0] as number;
