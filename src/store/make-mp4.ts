import type { Progress } from '../../workers/inference/api';
import { encodeMp4 } from '../clients/encoder';
import { generate } from '../clients/inference';
import { cropPicture, type OpenedPicture } from '../clients/picture';
import type { Settings } from '../pipelines/settings';
import { useEngine } from './engine';
import { useMemory } from './memory';
import type { Working } from './progress';
import { findFaults } from './settings-fields';

/** The model in use. */
export function readyEngine() {
  const { engine } = useEngine.getState();
  if (engine.state !== 'ready') throw new Error('The model is not open yet. Wait a moment, then try again.');
  return engine;
}

/** From a picture to the MP4, with the model in use; have a GPU turn first. */
export async function makeMp4(
  picture: Pick<OpenedPicture, 'name' | 'blob'>,
  settings: Settings,
  onProgress: (working: Progress | Working) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const { source, model, backend } = readyEngine();
  if (Object.keys(findFaults(settings, model)).length > 0) {
    throw new Error('Some settings are out of range for the model in use.');
  }
  // What the user says of the graphics card is nothing to wasm.
  const budgetBytes = backend.backend === 'webgpu' ? useMemory.getState().gpuBytes : undefined;
  const pixels = await cropPicture(picture, settings);
  const frames = await generate(source, pixels, settings, onProgress, signal, budgetBytes);
  onProgress({ stage: 'encodingMp4' });
  return encodeMp4(frames, { title: 'Made with Stillmotion', comment: describeSettings(settings) }, signal);
}

/** Everything needed to make the clip again, as it is written into the file. */
const describeSettings = (settings: Settings) =>
  Object.entries(settings)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
