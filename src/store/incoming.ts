import { create } from 'zustand';
import { type Arrangement, arrange } from '../checkpoints/arrange';
import { KNOWN_MODELS, type KnownModelId, knownModel } from '../checkpoints/known-models';
import type { LocalChoice } from '../clients/local-files';
import { useModels } from './models';

/** Model files that were dropped or picked, until they are added to a model or put away. */
export type Incoming =
  | { readonly state: 'none' }
  | { readonly state: 'looking' }
  | {
      readonly state: 'seen';
      readonly choices: readonly LocalChoice[];
      readonly arrangement: Arrangement;
      /** The model that they are taken for; null until the user tells, where the files do not. */
      readonly model: KnownModelId | null;
      /** They can be used where they lie: every weight file came with a handle. */
      readonly canStay: boolean;
    }
  | { readonly state: 'failed'; readonly message: string };

interface IncomingState {
  readonly incoming: Incoming;
  /** @param model the card that they were dropped on, if they were dropped on one */
  look(choices: Promise<readonly LocalChoice[]>, model?: KnownModelId): Promise<void>;
  /** Takes them for another model. */
  takeFor(model: KnownModelId): Promise<void>;
  /** Adds them to the model they are taken for. */
  add(way: 'copy' | 'in place'): void;
  putAway(): void;
}

export const useIncoming = create<IncomingState>()((set, get) => {
  /** Files may come faster than they are read: only the last ones count. */
  let latest = 0;

  async function see(choices: Promise<readonly LocalChoice[]>, asked: KnownModelId | undefined) {
    const turn = ++latest;
    const next = await describe(choices, asked).catch(
      (error: Error): Incoming => ({ state: 'failed', message: error.message }),
    );
    if (turn === latest) set({ incoming: next });
  }

  return {
    incoming: { state: 'none' },

    async look(choices, model) {
      set({ incoming: { state: 'looking' } });
      await see(choices, model);
    },

    async takeFor(model) {
      const { incoming } = get();
      if (incoming.state === 'seen') await see(Promise.resolve(incoming.choices), model);
    },

    add(way) {
      const { incoming } = get();
      if (incoming.state !== 'seen' || incoming.model === null) return;
      const { choices, arrangement, model } = incoming;
      const files = arrangement.files.map(({ path, index }) => {
        const { file, handle } = choices[index] as LocalChoice;
        return { path, source: way === 'in place' && handle ? handle : file };
      });
      set({ incoming: { state: 'none' } });
      void useModels.getState().add(model, { files, texts: arrangement.texts });
    },

    putAway() {
      latest++;
      set({ incoming: { state: 'none' } });
    },
  };
});

async function describe(coming: Promise<readonly LocalChoice[]>, asked: KnownModelId | undefined): Promise<Incoming> {
  const choices = await coming;
  if (choices.length === 0) return { state: 'none' };
  const model = asked ?? (await modelOfConfig(choices));
  // Which of the models it is decides the built-in configs alone; all else is the same for each.
  const dropped = choices.map(({ path, file }) => ({ path, name: file.name, blob: file }));
  const arrangement = await arrange(dropped, knownModel(model ?? 'svd-xt'));
  const canStay = arrangement.files.length > 0 && arrangement.files.every(({ index }) => choices[index]?.handle);
  return { state: 'seen', choices, arrangement, model: model ?? null, canStay };
}

/** SVD and SVD-XT have the same tensors; the number of frames in the UNet's config tells them apart, where there is one. */
async function modelOfConfig(choices: readonly LocalChoice[]): Promise<KnownModelId | undefined> {
  for (const { file } of choices.filter(({ file }) => file.name.endsWith('.json') && file.size < 1e6)) {
    const frames = framesIn(await file.text());
    const found = KNOWN_MODELS.find(({ numFrames }) => numFrames === frames);
    if (found) return found.id;
  }
  return undefined;
}

function framesIn(json: string): unknown {
  try {
    return (JSON.parse(json) as { num_frames?: unknown } | null)?.num_frames;
  } catch {
    return undefined;
  }
}
