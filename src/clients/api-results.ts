import type { Results } from '../api/deps';

const folder = async () => (await navigator.storage.getDirectory()).getDirectoryHandle('api-results', { create: true });

const fileName = (id: string) => `${id}.mp4`;

/** Undefined where there is no such file; any other failure is one. */
async function ifThere<T>(wanted: Promise<T>): Promise<T | undefined> {
  try {
    return await wanted;
  } catch (error) {
    if ((error as Error).name === 'NotFoundError') return undefined;
    throw error;
  }
}

/** The MP4s of REST jobs, in the origin's private file system. */
export const resultFiles: Results = {
  async write(id, mp4) {
    const handle = await (await folder()).getFileHandle(fileName(id), { create: true });
    // Nothing is seen of what is written before it is closed.
    const file = await handle.createWritable();
    await file.write(mp4);
    await file.close();
  },
  async read(id) {
    const handle = await ifThere((await folder()).getFileHandle(fileName(id)));
    return handle && (await ifThere(handle.getFile()));
  },
  async delete(id) {
    await ifThere((await folder()).removeEntry(fileName(id)));
  },
};
