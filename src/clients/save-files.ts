/** Read and written at a time: `stream()` on a part of a file of gigabytes never ends in Chromium. */
const CHUNK_BYTES = 16 * 1024 * 1024;

/**
 * Writes files into a folder, below one more named `name`. What a file of the same path held before stays until the new one
 * is whole.
 *
 * @param onBytes told of every part that was written
 */
export async function saveInFolder(
  target: FileSystemDirectoryHandle,
  name: string,
  files: ReadonlyMap<string, File>,
  onBytes: (path: string, bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const folder = await target.getDirectoryHandle(name, { create: true });
  for (const [path, file] of files) await saveOne(folder, path, file, (bytes) => onBytes(path, bytes), signal);
}

async function saveOne(
  top: FileSystemDirectoryHandle,
  path: string,
  file: File,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const folders = path.split('/');
  const name = folders.pop() as string;
  let folder = top;
  for (const each of folders) folder = await folder.getDirectoryHandle(each, { create: true });
  const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
  try {
    for (let begin = 0; begin < file.size; begin += CHUNK_BYTES) {
      signal.throwIfAborted();
      const part = await file.slice(begin, begin + CHUNK_BYTES).arrayBuffer();
      await writable.write(part);
      onBytes(part.byteLength);
    }
    await writable.close();
  } catch (error) {
    await writable.abort().catch(() => {});
    throw error;
  }
}

/**
 * Hands files to the browser's own downloads, where it cannot write into folders. A download has no folder: the path is in
 * the name, "svd-xt.unet.config.json".
 */
export async function saveAsDownloads(name: string, files: ReadonlyMap<string, File>): Promise<void> {
  for (const [path, file] of files) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(file);
    link.download = `${name}.${path.replaceAll('/', '.')}`;
    link.click();
    // Browsers drop downloads that are begun all at once.
    await new Promise((resolve) => setTimeout(resolve, 300));
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
}
