import { create } from 'zustand';
import { persist } from 'zustand/middleware';

interface MemoryState {
  /** Bytes of the graphics card that a clip may take; undefined until the user says so. */
  readonly gpuBytes: number | undefined;
  allow(gpuBytes: number): void;
}

/** No page is told how much memory a GPU has, so the user may say it. Kept from visit to visit in localStorage. */
export const useMemory = create<MemoryState>()(
  persist((set) => ({ gpuBytes: undefined, allow: (gpuBytes) => set({ gpuBytes }) }), {
    name: 'stillmotion.memory',
    version: 1,
    merge: (saved, current) => {
      const { gpuBytes } = (saved ?? {}) as { gpuBytes?: unknown };
      return typeof gpuBytes === 'number' && gpuBytes >= 2 ** 30 ? { ...current, gpuBytes } : current;
    },
  }),
);
