import { expect, test } from './fixtures';
import type {} from './pages/memory';
import type { NetworkChoice } from './pages/network-graph';

// Seconds of work in a GPU that is emulated, most of it to compile shaders.
test.setTimeout(12 * 60_000);

const unet = {
  addition_time_embed_dim: 16,
  block_out_channels: [32, 32],
  cross_attention_dim: 32,
  down_block_types: ['CrossAttnDownBlockSpatioTemporal', 'DownBlockSpatioTemporal'],
  in_channels: 8,
  layers_per_block: 1,
  num_attention_heads: [1, 1],
  num_frames: 4,
  out_channels: 4,
  projection_class_embeddings_input_dim: 48,
  sample_size: 16,
  up_block_types: ['UpBlockSpatioTemporal', 'CrossAttnUpBlockSpatioTemporal'],
};

const vae = {
  block_out_channels: [32, 64],
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D'],
  in_channels: 3,
  latent_channels: 4,
  layers_per_block: 1,
  out_channels: 3,
  sample_size: 64,
  scaling_factor: 0.18215,
};

/** Networks, and the limit for their parts: those of the UNet are smaller than a frame. */
const cases: readonly [name: string, choice: NetworkChoice, maxTensorBytes: number][] = [
  ['UNet', { network: 'unet', config: unet, shape: { frames: 2, height: 16, width: 16 } }, 2 ** 14],
  ['VAE decoder', { network: 'vae_decoder', config: vae, shape: { frames: 2, height: 32, width: 32 } }, 2 ** 15],
];

for (const [name, choice, maxTensorBytes] of cases) {
  test(`the buffers that a GPU holds are those that the planner counts: ${name}`, async ({ page, pageUrl }) => {
    await page.goto(pageUrl('memory'));
    const count = (limit: number) =>
      page.evaluate(([choice, limit]) => memoryPage.count(choice, limit), [choice, limit] as const);
    const [whole, parts] = [await count(2 ** 30), await count(maxTensorBytes)];
    for (const [title, { planned, opened, calls, released }] of Object.entries({ whole, parts })) {
      const [first, second] = calls;
      const text = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
      console.log(
        `${name}, ${title}: weights ${text(planned.weightsBytes)} planned, ${text(opened)} held; ` +
          `calls ${text(planned.peakBytes - planned.weightsBytes)} planned, ${text(first - opened)} and ${text(second - opened)} held`,
      );
      expect(apart(opened, planned.weightsBytes)).toBeLessThan(0.05);
      expect(apart(first - opened, planned.peakBytes - planned.weightsBytes)).toBeLessThan(0.25);
      // A second call makes no buffer that lasts.
      expect(second).toBeLessThan(1.05 * first);
      expect(released).toBe(0);
    }
    expect(parts.planned.peakBytes).toBeLessThan(whole.planned.peakBytes);
    const largest = Math.max(...whole.output.map(Math.abs));
    const worst = Math.max(...whole.output.map((value, i) => Math.abs(value - (parts.output[i] as number))));
    expect(largest).toBeGreaterThan(0);
    expect(worst / largest).toBeLessThan(1e-5);
  });
}

/** How far a is from b, as a share of b. */
const apart = (a: number, b: number) => Math.abs(a / b - 1);
