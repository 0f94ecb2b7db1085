import type { EncoderApi } from '../../workers/encoder/api';
import type { Frames } from '../../workers/inference/api';
import { WorkerHandle } from './worker-handle';

const worker = new WorkerHandle<EncoderApi>(
  () => new Worker(new URL('../../workers/encoder/index.ts', import.meta.url), { type: 'module', name: 'encoder' }),
);

/**
 * Encodes frames as an MP4. ffmpeg cannot be interrupted, so aborting `signal` ends its worker; a fresh one takes a
 * quarter of a second. Frames may have taken minutes to make: they are copied to the worker, not moved, so that a fresh one
 * can try again where the first failed.
 */
export async function encodeMp4(
  frames: Frames,
  tags: { readonly title?: string; readonly comment?: string },
  signal: AbortSignal,
): Promise<Blob> {
  signal.throwIfAborted();
  const end = () => worker.end(new DOMException('The clip was cancelled.', 'AbortError'));
  signal.addEventListener('abort', end, { once: true });
  try {
    const encode = () => worker.call((api) => api.encodeMp4(frames, tags));
    const bytes = await encode().catch((error: Error) => {
      worker.end(error);
      signal.throwIfAborted();
      return encode();
    });
    return new Blob([bytes], { type: 'video/mp4' });
  } finally {
    signal.removeEventListener('abort', end);
  }
}
