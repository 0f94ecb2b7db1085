import type { Progress } from '../../workers/inference/api';

/** What the user waits for, in order. */
export type Working =
  | { readonly stage: 'opening' }
  | Exclude<Progress, { readonly stage: 'notice' }>
  | { readonly stage: 'encodingMp4' };

/** The stages as shown, with the share of the whole that each one takes on an ordinary machine. */
export const STAGES = [
  { label: 'Load', stages: ['opening', 'loading'], share: 0.1 },
  { label: 'Encode', stages: ['encoding'], share: 0.06 },
  { label: 'Denoise', stages: ['denoising'], share: 0.54 },
  { label: 'Decode', stages: ['decoding'], share: 0.25 },
  { label: 'MP4', stages: ['encodingMp4'], share: 0.05 },
] as const satisfies readonly { label: string; stages: readonly Working['stage'][]; share: number }[];

/** How far the present stage is, 0 to 1. A stage that does not count stands at its middle. */
function stageFraction(working: Working): number {
  switch (working.stage) {
    case 'opening':
      return 0;
    case 'loading':
      return fraction(working.loadedBytes, working.totalBytes);
    case 'denoising':
      return fraction(working.step, working.total);
    case 'decoding':
      return fraction(working.frame, working.total);
    case 'encoding':
    case 'encodingMp4':
      return 0.5;
  }
}

export const stageIndex = (working: Working) =>
  STAGES.findIndex(({ stages }) => (stages as readonly string[]).includes(working.stage));

/** How far the whole run is, 0 to 1. It may fall, since each network is loaded only when its stage comes. */
export function overallFraction(working: Working): number {
  const index = stageIndex(working);
  const before = STAGES.slice(0, index).reduce((sum, { share }) => sum + share, 0);
  return before + (STAGES[index]?.share ?? 0) * stageFraction(working);
}

/** How much of the stage at `index` is done when the whole run is at `overall`, 0 to 1. */
export function shareDone(index: number, overall: number): number {
  const before = STAGES.slice(0, index).reduce((sum, { share }) => sum + share, 0);
  return fraction(overall - before, STAGES[index]?.share ?? 0);
}

const PARTS = { image_encoder: 'image encoder', vae: 'VAE', unet: 'UNet' } as const;

/** What is done now, in words. */
export function sayStage(working: Working): string {
  switch (working.stage) {
    case 'opening':
      return 'Opening the model';
    case 'loading':
      // Once its weights are here a network starts up and runs, which is told only when it is done.
      return working.loadedBytes < working.totalBytes
        ? `Loading the ${PARTS[working.part]}, ${Math.round(100 * stageFraction(working))} %`
        : `Running the ${PARTS[working.part]}`;
    case 'encoding':
      return 'Looking at the picture';
    case 'denoising':
      return `Denoising, step ${working.step} of ${working.total}`;
    case 'decoding':
      return `Decoding, frame ${working.frame} of ${working.total}`;
    case 'encodingMp4':
      return 'Writing the MP4';
  }
}

const fraction = (done: number, total: number) => (total > 0 ? Math.min(1, Math.max(0, done / total)) : 0);

/**
 * Tells when a counted stage will end, from the pace of its last few units: the first unit of a stage also pays for
 * starting it (shaders, memory), so it is left out as soon as there are others.
 */
export class Eta {
  #stage = '';
  #marks: { readonly done: number; readonly at: number }[] = [];

  /**
   * @param now milliseconds on any clock
   * @returns when the stage should end on that clock, or null while that cannot be told
   */
  note(working: Working, now: number): number | null {
    const count = counted(working);
    const last = this.#marks.at(-1);
    // A count that falls back is another file's.
    if (working.stage !== this.#stage || (last && count && count.done < last.done)) {
      this.#stage = working.stage;
      this.#marks = [];
    }
    if (!count) return null;
    if (count.done > (this.#marks.at(-1)?.done ?? -1)) this.#marks.push({ done: count.done, at: now });
    const marks = this.#marks.length > 2 ? this.#marks.slice(1).slice(-WINDOW - 1) : this.#marks;
    const [from, to] = [marks.at(0), marks.at(-1)];
    if (!from || !to || to.done === from.done || to.done >= count.total) return null;
    const pace = (to.at - from.at) / (to.done - from.done);
    return to.at + pace * (count.total - to.done);
  }
}

/** Units looked back on: few, so that a machine that grows hot and slow is noticed. */
const WINDOW = 5;

function counted(working: Working): { done: number; total: number } | undefined {
  if (working.stage === 'loading') return { done: working.loadedBytes, total: working.totalBytes };
  if (working.stage === 'denoising') return { done: working.step, total: working.total };
  if (working.stage === 'decoding') return { done: working.frame, total: working.total };
  return undefined;
}

/** A span of time as people say it: "12 s", "3 min 20 s", "1 h 5 min". */
export function sayDuration(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
