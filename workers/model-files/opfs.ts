import type { FileStat, ModelFolder, PartFile } from '../../src/model-files/disk';
import { PART } from '../../src/model-files/names';

/** The browser's own storage for this site (OPFS): models/<id>/<path>. */

/** Not yet in TypeScript's own types; every engine has it for files of this storage. */
interface MovableFile extends FileSystemFileHandle {
  move(name: string): Promise<void>;
}

const FOLDER = 'models';

async function modelsFolder(): Promise<FileSystemDirectoryHandle> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(FOLDER, { create: true });
  } catch (error) {
    throw new Error(
      `This browser keeps no files for this page (${(error as Error).message}) Use a current browser, not in a private window.`,
    );
  }
}

/** The folders there are, whether or not anything is known of them. */
export async function storedIds(): Promise<string[]> {
  return Array.fromAsync((await modelsFolder()).keys());
}

/** Deletes a model's folder and all that is in it; harmless if there is none. */
export async function removeFolder(id: string): Promise<void> {
  const folder = await modelsFolder();
  await folder.removeEntry(id, { recursive: true }).catch(ignoreMissing);
}

export class OpfsFolder implements ModelFolder {
  constructor(readonly id: string) {}

  async stat(path: string): Promise<FileStat | undefined> {
    const file = await (await this.#find(path))?.getFile();
    return file && { bytes: file.size, lastModified: file.lastModified };
  }

  async read(path: string): Promise<File> {
    const handle = await this.#find(path);
    if (!handle) throw new DOMException(`There is no ${path}.`, 'NotFoundError');
    return handle.getFile();
  }

  async hasPart(path: string): Promise<boolean> {
    return (await this.#find(path + PART)) !== undefined;
  }

  async openPart(path: string): Promise<PartFile> {
    const { folder, name } = await this.#locate(path, true);
    const handle = await folder.getFileHandle(name + PART, { create: true });
    const access = await openAlone(handle);
    return {
      size: () => access.getSize(),
      truncate: (size) => access.truncate(size),
      read: (bytes, at) => access.read(bytes, { at }),
      write: (bytes, at) => access.write(bytes, { at }),
      flush: () => access.flush(),
      close: () => access.close(),
    };
  }

  async finishPart(path: string): Promise<void> {
    const { folder, name } = await this.#locate(path, false);
    const part = (await folder.getFileHandle(name + PART)) as MovableFile;
    await part.move(name);
  }

  removePart(path: string): Promise<void> {
    return this.remove(path + PART);
  }

  async remove(path: string): Promise<void> {
    try {
      const { folder, name } = await this.#locate(path, false);
      await folder.removeEntry(name);
    } catch (error) {
      ignoreMissing(error);
    }
  }

  async #find(path: string): Promise<FileSystemFileHandle | undefined> {
    try {
      const { folder, name } = await this.#locate(path, false);
      return await folder.getFileHandle(name);
    } catch (error) {
      ignoreMissing(error);
      return undefined;
    }
  }

  async #locate(path: string, create: boolean): Promise<{ folder: FileSystemDirectoryHandle; name: string }> {
    const names = [this.id, ...path.split('/')];
    const name = names.pop() as string;
    let folder = await modelsFolder();
    for (const each of names) folder = await folder.getDirectoryHandle(each, { create });
    return { folder, name };
  }
}

/** The worker of a tab that was just closed may hold a file for a moment longer than its lock. */
async function openAlone(handle: FileSystemFileHandle): Promise<FileSystemSyncAccessHandle> {
  for (let tries = 1; ; tries++) {
    try {
      return await handle.createSyncAccessHandle();
    } catch (error) {
      if ((error as Error).name !== 'NoModificationAllowedError' || tries === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function ignoreMissing(error: unknown): void {
  if ((error as Error).name !== 'NotFoundError') throw error;
}
