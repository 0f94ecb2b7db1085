import { FileChangedError } from './errors';
import type { Source } from './source';

/** Read at a time, through `arrayBuffer()`: in Chromium `stream()` of a multi-gigabyte file never ends (measured). */
const CHUNK_BYTES = 4 * 2 ** 20;

/**
 * A file of this machine, or bytes at hand.
 *
 * @param path for messages
 * @param from as in Source; it should change with the file's size and time
 */
export function blobSource(path: string, blob: Blob, from: string): Source {
  return {
    from,
    doing: 'copying',
    async open(offset) {
      const chunks = chunksOf(path, blob, offset);
      const read = async () => {
        const next = await chunks.next();
        return next.done ? undefined : next.value;
      };
      return { offset, size: blob.size, read, close: () => void chunks.return() };
    },
  };
}

/**
 * The bytes of a blob from `offset` on, some at a time; never the whole of it in memory.
 *
 * @throws FileChangedError if the file behind it has changed since it was picked, or cannot be read
 */
export async function* chunksOf(path: string, blob: Blob, offset = 0): AsyncGenerator<Uint8Array, void> {
  for (let begin = offset; begin < blob.size; begin += CHUNK_BYTES) {
    const end = Math.min(begin + CHUNK_BYTES, blob.size);
    const bytes = await blob.slice(begin, end).arrayBuffer().catch(unreadable(path));
    if (bytes.byteLength !== end - begin) unreadable(path)();
    yield new Uint8Array(bytes);
  }
}

const unreadable = (path: string) => (): never => {
  throw new FileChangedError(
    `${path} could not be read to its end: it was moved, changed or deleted meanwhile. Let the programs that use it finish, then choose it again.`,
  );
};
