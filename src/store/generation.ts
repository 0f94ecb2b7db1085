import { create } from 'zustand';
import type { Progress } from '../../workers/inference/api';
import { endInference } from '../clients/inference';
import type { Settings } from '../pipelines/settings';
import { useEngine } from './engine';
import { checkGpuFree, inGpuTurn } from './gpu';
import { makeMp4, readyEngine } from './make-mp4';
import { type ChosenPicture, usePicture } from './picture';
import { Eta, overallFraction, type Working } from './progress';
import { drawSeed, useSettings } from './settings';
import { findFaults, resolve } from './settings-fields';

/** The run, from idle over the stages of the work to its end. */
export type Run =
  | { readonly stage: 'idle' }
  | Working
  | { readonly stage: 'done'; readonly seconds: number }
  | { readonly stage: 'failed'; readonly message: string }
  | { readonly stage: 'cancelled' };

/** A finished clip. It stays until the next one is finished, whatever happens in between. */
export interface Clip {
  /** The MP4; revoked when the next clip takes its place. */
  readonly url: string;
  readonly fileName: string;
  readonly bytes: number;
  readonly settings: Settings;
}

interface GenerationState {
  readonly run: Run;
  /** How far the run is, 0 to 1; never falls, though stages may be told again. */
  readonly fraction: number;
  /** When the present stage should end, on performance.now()'s clock; null while that cannot be told. */
  readonly stageEndsAt: number | null;
  /** Cancel was pressed and the step that runs has not ended yet. */
  readonly cancelling: boolean;
  readonly clip: Clip | null;
  /** What the worker had to say of the last run, in sentences: a stage that was tried again, and why. */
  readonly notes: readonly string[];
  /** What the stage shows while nothing runs. */
  readonly view: 'picture' | 'clip';
  animate(): Promise<void>;
  /** Ends the run at its next step; a second call ends the worker at once. */
  cancel(): void;
  show(view: 'picture' | 'clip'): void;
  dismiss(): void;
  dismissNotes(): void;
}

const ENDS = new Set<Run['stage']>(['idle', 'done', 'failed', 'cancelled']);
export const isWorking = (run: Run): run is Working => !ENDS.has(run.stage);

export const useGeneration = create<GenerationState>()((set, get) => {
  let abort = new AbortController();

  async function makeClip(picture: ChosenPicture, signal: AbortSignal): Promise<Clip> {
    const eta = new Eta();
    const onProgress = (working: Progress | Working) => {
      if (signal !== abort.signal) return;
      if (working.stage === 'notice') return set(({ notes }) => ({ notes: [...notes, working.text] }));
      // Progress travels on a channel of its own and may arrive after the end.
      if (!isWorking(get().run)) return;
      const fraction = Math.max(get().fraction, overallFraction(working));
      set({ run: working, fraction, stageEndsAt: eta.note(working, performance.now()) });
    };

    const { settings, faults } = nextSettings(picture);
    if (Object.keys(faults).length > 0) throw new Error('Some settings are out of range; they are marked in the form.');
    const mp4 = await makeMp4(picture, settings, onProgress, signal);
    const baseName = picture.name.replace(/\.\w{2,5}$/, '').replace(/[^\p{L}\p{N}]+/gu, '-') || 'clip';
    return {
      url: URL.createObjectURL(mp4),
      fileName: `${baseName.toLowerCase()}-${settings.seed}.mp4`,
      bytes: mp4.size,
      settings,
    };
  }

  return {
    run: { stage: 'idle' },
    fraction: 0,
    stageEndsAt: null,
    cancelling: false,
    clip: null,
    notes: [],
    view: 'picture',

    async animate() {
      const { picture } = usePicture.getState();
      if (!picture || isWorking(get().run)) return;
      abort = new AbortController();
      const { signal } = abort;
      const startedAt = performance.now();
      usePicture.getState().dismiss();
      set({ run: { stage: 'opening' }, fraction: 0, stageEndsAt: null, cancelling: false, notes: [], view: 'picture' });
      try {
        checkGpuFree();
        const clip = await inGpuTurn('user', async () => {
          await useEngine.getState().open();
          signal.throwIfAborted();
          return makeClip(picture, signal);
        });
        const previous = get().clip;
        set({
          run: { stage: 'done', seconds: (performance.now() - startedAt) / 1000 },
          fraction: 1,
          clip,
          view: 'clip',
        });
        if (previous) URL.revokeObjectURL(previous.url);
      } catch (error) {
        set({ run: signal.aborted ? { stage: 'cancelled' } : { stage: 'failed', message: explain(error as Error) } });
      } finally {
        set({ stageEndsAt: null, cancelling: false });
      }
    },

    cancel() {
      if (get().cancelling) return endInference(new DOMException('The clip was cancelled.', 'AbortError'));
      set({ cancelling: true });
      abort.abort();
    },

    show: (view) => set({ view }),
    dismiss: () => set({ run: { stage: 'idle' } }),
    dismissNotes: () => set({ notes: [] }),
  };
});

// A new picture is looked at first; the clip of the old one stays within reach.
usePicture.subscribe(({ picture }, previous) => {
  if (picture !== previous.picture) useGeneration.getState().show('picture');
});

/** The settings of the next clip, with a seed drawn where none was chosen. */
function nextSettings(picture: ChosenPicture) {
  const { model } = readyEngine();
  const { chosen } = useSettings.getState();
  const settings = resolve({ ...chosen, seed: chosen.seed ?? drawSeed() }, model, picture);
  return { settings, faults: findFaults(settings, model) };
}

/** The workers' own sentences, and what to do about those that only name a fault. */
function explain({ name, message }: Error): string {
  if (name === 'DeviceLostError')
    return `${message} Press Animate again; if it is lost once more, choose a smaller size.`;
  if (name === 'NotReadableError' || name === 'NotFoundError')
    return `A file of the model could not be read: it was moved, deleted or changed. Look at the model on the Models page. (${message})`;
  if (name === 'EncodingError') return `${message} Press Animate again; with the same seed it makes the same clip.`;
  if (/out of memory|allocat|OrtRun.*memory/i.test(message)) {
    return `There was not enough memory for this clip. Choose fewer frames or a smaller size. (${message})`;
  }
  return message || 'The clip could not be made, and the browser did not say why. Try again.';
}
