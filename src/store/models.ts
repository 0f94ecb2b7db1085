import { create } from 'zustand';
import type { OnTransfer } from '../../workers/model-files/api';
import { type KnownModelId, knownModel } from '../checkpoints/known-models';
import { pickTarget } from '../clients/local-files';
import {
  deleteModel,
  downloadModel,
  importFiles,
  listHub,
  listModels,
  openModelFiles,
  verifyModel,
} from '../clients/model-files';
import { saveAsDownloads, saveInFolder } from '../clients/save-files';
import type { StoredModel } from '../model-files/record';
import { type ModelId, SITE_MODEL, titleOf } from './active-model';
import { useEngine } from './engine';
import { useHub } from './hub';
import { allowFiles } from './model-source';
import { findStored, replacedBy } from './shelf';
import { Pace, type Transfer } from './transfer';

/** What is here of the models that users bring. */
export type Shelf =
  | { readonly state: 'reading' }
  | { readonly state: 'read'; readonly models: readonly StoredModel[] }
  | { readonly state: 'failed'; readonly message: string };

export type Doing = 'asking' | 'downloading' | 'copying' | 'verifying' | 'opening' | 'saving' | 'deleting';

/** What is done with one model now, or what came of it. */
export type Job =
  | { readonly state: 'idle' }
  | {
      readonly state: 'working';
      readonly doing: Doing;
      /** Null until the first bytes have moved. */
      readonly transfer: Transfer | null;
      /** Pause was pressed and has not taken effect yet. */
      readonly stopping: boolean;
    }
  | { readonly state: 'told'; readonly kind: 'info' | 'error'; readonly text: string };

/** Files that were arranged as a model's folder; what has a handle stays where it lies. */
export interface NewFiles {
  readonly files: readonly { readonly path: string; readonly source: File | FileSystemFileHandle }[];
  readonly texts: Readonly<Record<string, string>>;
}

interface ModelsState {
  readonly shelf: Shelf;
  readonly jobs: Readonly<Partial<Record<ModelId, Job>>>;
  read(): Promise<void>;
  use(id: ModelId): Promise<void>;
  download(id: KnownModelId): Promise<void>;
  add(id: KnownModelId, added: NewFiles): Promise<void>;
  verify(id: KnownModelId): Promise<void>;
  /** Asks for a folder first: call it in a click. */
  save(id: KnownModelId): Promise<void>;
  remove(id: KnownModelId): Promise<void>;
  /** Ends what is done with a model; what is here stays. */
  stop(id: ModelId): void;
  dismiss(id: ModelId): void;
}

export const IDLE: Job = { state: 'idle' };

/** Told to the page at most so often, in milliseconds: more is flicker. */
const TELL_EVERY = 250;

/** The models that users bring, and what is done with each. */
export const useModels = create<ModelsState>()((set, get) => {
  const aborts = new Map<ModelId, AbortController>();
  const setJob = (id: ModelId, job: Job) => set(({ jobs }) => ({ jobs: { ...jobs, [id]: job } }));

  /** One job a model at a time. `job` returns what to say of its end; an error says it itself. */
  async function work(id: ModelId, doing: Doing, job: (tell: OnTransfer, signal: AbortSignal) => Promise<string>) {
    if (aborts.has(id)) return;
    const abort = new AbortController();
    aborts.set(id, abort);
    setJob(id, { state: 'working', doing, transfer: null, stopping: false });
    const tell = teller((doing, transfer) => {
      // Progress travels on a channel of its own and may arrive after the end.
      if (aborts.get(id) === abort) setJob(id, { state: 'working', doing, transfer, stopping: abort.signal.aborted });
    });
    const end = await job(tell, abort.signal).then(
      (text): Job => ({ state: 'told', kind: 'info', text }),
      (error: Error): Job =>
        abort.signal.aborted
          ? { state: 'told', kind: 'info', text: 'Stopped. What is here stays.' }
          : {
              state: 'told',
              kind: 'error',
              text: error.message || 'It did not work, and the browser did not say why.',
            },
    );
    await get().read();
    aborts.delete(id);
    setJob(id, end);
  }

  return {
    shelf: { state: 'reading' },
    jobs: {},

    async read() {
      try {
        set({ shelf: { state: 'read', models: await listModels() } });
      } catch (error) {
        set({ shelf: { state: 'failed', message: (error as Error).message } });
      }
    },

    use: (id) =>
      work(id, 'opening', async (tell, signal) => {
        const { use } = useEngine.getState();
        await use(id, tell, signal).catch(async (error: Error) => {
          if (error.name !== 'PermissionError' || id === SITE_MODEL) throw error;
          if (!(await allowFiles(id)))
            throw new Error(
              `The browser was not allowed to read ${titleOf(id)}. Press Use again to be asked once more.`,
            );
          await use(id, tell, signal);
        });
        return `Clips are made with ${titleOf(id)} now.`;
      }),

    download: (id) =>
      work(id, 'asking', async (tell, signal) => {
        const { title, hub, configs } = knownModel(id);
        const { base, token } = useHub.getState();
        const secret = token ? { token } : {};
        const { repo, revision, files: wanted } = hub;
        const files = await listHub({ base, repo, revision, files: wanted, ...secret });
        signal.throwIfAborted();
        const own = new Set(wanted.map(({ path }) => path));
        const texts = Object.fromEntries(Object.entries(configs).filter(([path]) => !own.has(path)));
        const replaces = replacedOn(get().shelf, id, files);
        await downloadModel({ id, title, files, texts, replaces, ...secret }, tell, signal);
        return `${title} is here, and every byte was checked.`;
      }),

    add: (id, { files, texts }) =>
      work(id, 'copying', async (tell, signal) => {
        const { title } = knownModel(id);
        const replaces = replacedOn(get().shelf, id, files);
        await importFiles({ id, title, files, texts, replaces }, tell, signal);
        return `The files of ${title} were taken in.`;
      }),

    verify: (id) =>
      work(id, 'verifying', async (tell, signal) => {
        const { state } = await verifyModel(id, tell, signal);
        if (state === 'broken') return leaveBroken(id, tell, signal);
        return 'Every byte that is here is as it was.';
      }),

    async save(id) {
      const target = window.showDirectoryPicker ? await pickTarget() : null;
      if (target === undefined) return;
      await work(id, 'saving', async (tell, signal) => {
        const files = await openModelFiles(id, tell, signal);
        if (!target) {
          await saveAsDownloads(id, files);
          return 'The files were handed to the browser’s downloads.';
        }
        const totalBytes = [...files.values()].reduce((sum, { size }) => sum + size, 0);
        let doneBytes = 0;
        const onBytes = (path: string, bytes: number) => {
          doneBytes += bytes;
          tell({ path, doing: 'copying', doneBytes, totalBytes });
        };
        await saveInFolder(target, id, files, onBytes, signal);
        return `Saved in “${target.name}/${id}”.`;
      });
    },

    remove: (id) =>
      work(id, 'deleting', async (tell, signal) => {
        if (inUse(id)) await useEngine.getState().use(SITE_MODEL, tell, signal);
        await deleteModel(id);
        return `${titleOf(id)} was deleted.`;
      }),

    stop(id) {
      const job = get().jobs[id];
      if (job?.state === 'working') setJob(id, { ...job, stopping: true });
      aborts.get(id)?.abort(new DOMException('It was stopped.', 'AbortError'));
    },

    dismiss: (id) => setJob(id, IDLE),
  };
});

/** The files on the shelf whose place new ones of a model take. */
function replacedOn(shelf: Shelf, id: KnownModelId, added: readonly { readonly path: string }[]): readonly string[] {
  const stored = shelf.state === 'read' ? findStored(shelf.models, id) : undefined;
  return replacedBy(
    added.map(({ path }) => path),
    knownModel(id),
    stored,
  );
}

/** What is wrong with it stands on its card; clips are not made with it any more. */
async function leaveBroken(id: KnownModelId, tell: OnTransfer, signal: AbortSignal): Promise<string> {
  if (!inUse(id)) return 'Every byte was read.';
  await useEngine.getState().use(SITE_MODEL, tell, signal);
  return 'Every byte was read. Clips are made with SVD-nano until it is mended.';
}

/** Whether clips are made with a model, or with one that borrows from it. */
function inUse(id: KnownModelId): boolean {
  const { engine } = useEngine.getState();
  return engine.state === 'ready' && engine.of.includes(id);
}

/** Progress as it is shown: calm, and with the time left. */
function teller(show: (doing: Doing, transfer: Transfer) => void): OnTransfer {
  let pace = new Pace();
  let lastDoing: Doing | undefined;
  let lastShown = Number.NEGATIVE_INFINITY;
  return ({ doing, doneBytes, totalBytes }) => {
    if (doing !== lastDoing) pace = new Pace();
    const now = performance.now();
    const transfer = pace.note(doneBytes, totalBytes, now);
    if (doing === lastDoing && now - lastShown < TELL_EVERY && doneBytes < totalBytes) return;
    lastDoing = doing;
    lastShown = now;
    show(doing, transfer);
  };
}
