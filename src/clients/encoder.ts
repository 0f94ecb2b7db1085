import { transfer } from 'comlink';
import type { EncoderApi } from '../../workers/encoder/api';
import type { Frames } from '../../workers/inference/api';
import { WorkerHandle } from './worker-handle';

const worker = new WorkerHandle<EncoderApi>(
  () => new Worker(new URL('../../workers/encoder/index.ts', import.meta.url), { type: 'module', name: 'encoder' }),
);

/**
 * Encodes frames as an MP4. ffmpeg cannot be interrupted, so aborting `signal` ends its worker; a fresh one takes a
 * quarter of a second.
 *
 * @param frames their bytes move to the worker and are gone afterwards
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
    const bytes = await worker.call((api) => api.encodeMp4(transfer(frames, [frames.rgba.buffer]), tags));
    return new Blob([bytes], { type: 'video/mp4' });
  } catch (error) {
    worker.end(error as Error);
    throw error;
  } finally {
    signal.removeEventListener('abort', end);
  }
}
