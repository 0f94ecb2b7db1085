import type { Checkpoint } from '../../src/checkpoints/checkpoint';
import { vaeFactor } from '../../src/models/autoencoder-kl-temporal-decoder';
import { networksFrom } from './networks';

/**
 * Asks for every tensor of every network once, so that a set of files that does not fit together is told when the model is
 * chosen and not in the middle of a run. Only headers are read: the graphs of the smallest clip are built and not opened.
 *
 * @throws WeightsError naming the first tensor that is missing, or of another shape or dtype
 */
export async function checkWeights(checkpoint: Checkpoint, dtype: 'float32' | 'float16'): Promise<void> {
  const networks = networksFrom(checkpoint, dtype, async () => NEVER_RUN);
  // The UNet halves its latents once less than it has levels.
  const side = vaeFactor(checkpoint.vae) * 2 ** (checkpoint.unet.block_out_channels.length - 1);
  const clip = { frames: 1, height: side, width: side };
  await networks.imageEncoder();
  await networks.vaeEncoder(clip);
  await networks.unet(clip);
  await networks.vaeDecoder(clip);
}

const NEVER_RUN = {
  run: () => Promise.reject(new Error('This network was built to be looked at.')),
  release: async () => {},
};
