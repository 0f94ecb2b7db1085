import type {} from './file-system-access';

/** Files of this machine, as they are dropped or picked: alone or in folders, with handles where the browser gives them. */

export interface LocalChoice {
  /** In the folder that was dropped or picked, without that folder's own name; the file's name if it came alone. */
  readonly path: string;
  readonly file: File;
  /** With it the file can be used where it lies, now and later. */
  readonly handle?: FileSystemFileHandle;
}

/** A model folder has some 20 files. A folder of far more is another one: a home, a disk. */
const MOST_FILES = 500;

/** Whether the browser gives handles, so that files can be used in place. */
export const givesHandles = (): boolean => window.showOpenFilePicker !== undefined;

/**
 * Everything that was dropped. Must be called while the event is handled: afterwards the transfer is empty.
 *
 * @throws Error, a sentence, for a folder of very many files
 */
export function droppedFiles({ items, files }: DataTransfer): Promise<LocalChoice[]> {
  const drops = [...items].filter(({ kind }) => kind === 'file').map(readDrop);
  if (drops.length === 0) return Promise.resolve(fromInput(files));
  return flatten(drops);
}

/** Whether a folder is among what was dropped; like `droppedFiles`, while the event is handled. */
export const holdsFolder = ({ items }: DataTransfer): boolean =>
  [...items].some((item) => item.kind === 'file' && item.webkitGetAsEntry()?.isDirectory);

/** The files of an `<input type="file">`, with or without `webkitdirectory`. */
export function fromInput(files: Iterable<File>): LocalChoice[] {
  return [...files].map((file) => ({ path: withoutTop(file.webkitRelativePath) || file.name, file }));
}

/** The system's dialog for files; empty if the user closes it. */
export async function pickFiles(): Promise<LocalChoice[]> {
  const handles = await unlessClosed(window.showOpenFilePicker?.({ multiple: true }));
  return flatten((handles ?? []).map((handle) => readHandle(handle, handle.name)));
}

/** The system's dialog for a folder; empty if the user closes it. */
export async function pickFolder(): Promise<LocalChoice[]> {
  const folder = await unlessClosed(window.showDirectoryPicker?.({ mode: 'read' }));
  return folder ? readHandle(folder, '') : [];
}

/** A folder to write to, asked for in the system's dialog; undefined if the user closes it. */
export const pickTarget = (): Promise<FileSystemDirectoryHandle | undefined> =>
  unlessClosed(window.showDirectoryPicker?.({ mode: 'readwrite' }));

async function unlessClosed<T>(dialog: Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await dialog;
  } catch (error) {
    if ((error as Error).name === 'AbortError') return undefined;
    throw error;
  }
}

/** What one item is must be asked for at once; reading it may wait. */
function readDrop(item: DataTransferItem): Promise<LocalChoice[]> {
  const entry = item.webkitGetAsEntry();
  const file = item.getAsFile();
  const handle = item.getAsFileSystemHandle?.().catch(() => null) ?? Promise.resolve(null);
  return handle.then((found) => {
    if (found) return readHandle(found, found.kind === 'directory' ? '' : found.name);
    if (entry?.isDirectory) return readEntry(entry, '');
    return file ? [{ path: file.name, file }] : [];
  });
}

async function readHandle(
  handle: FileSystemFileHandle | FileSystemDirectoryHandle,
  path: string,
): Promise<LocalChoice[]> {
  if (isFile(handle)) return [{ path, file: await handle.getFile(), handle }];
  const found: LocalChoice[] = [];
  for await (const child of handle.values()) {
    if (child.name.startsWith('.')) continue;
    found.push(
      ...(await readHandle(child as FileSystemFileHandle | FileSystemDirectoryHandle, join(path, child.name))),
    );
    checkCount(found);
  }
  return found;
}

const isFile = (handle: FileSystemHandle): handle is FileSystemFileHandle => handle.kind === 'file';

/** The way of browsers without handles. */
async function readEntry(entry: FileSystemEntry, path: string): Promise<LocalChoice[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: LocalChoice[] = [];
  // It hands out a folder in portions, and an empty one at the end.
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (portion.length === 0) return found;
    const visible = portion.filter(({ name }) => !name.startsWith('.'));
    found.push(...(await flatten(visible.map((child) => readEntry(child, join(path, child.name))))));
    checkCount(found);
  }
}

function checkCount({ length }: readonly unknown[]): void {
  if (length > MOST_FILES) {
    throw new Error(`That folder holds more than ${MOST_FILES} files. Choose the model’s own folder.`);
  }
}

const flatten = async (parts: readonly Promise<LocalChoice[]>[]) => (await Promise.all(parts)).flat();

const join = (folder: string, name: string) => (folder ? `${folder}/${name}` : name);

/** "svd/unet/config.json" -> "unet/config.json"; '' stays ''. */
const withoutTop = (path: string) => path.slice(path.indexOf('/') + 1);
