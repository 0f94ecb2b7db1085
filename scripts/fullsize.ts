/**
 * `npm run fullsize`: Stable Video Diffusion at its true size in a headless Chromium, with what it took.
 *
 * Without --network: random float16 weights under the true names and in the true shapes (UNet 3 GB, image encoder 1.3 GB,
 * VAE 0.2 GB) are imported into the browser's own storage as the product imports a user's files, then every network is
 * opened from there and called once on Chromium's emulated GPU, in float32. Takes no GPU, 10 GB of disk and 20 GB of
 * memory, and a quarter of an hour on two cores (the image encoder's input is 224x224 whatever --size says).
 *
 *   --frames N           default 2
 *   --size WIDTHxHEIGHT  in pixels, default 64x64
 *   --skip NETWORK       imports a network and does not call it; may be given several times
 *
 * With --network: one network, opened on a file that the page is given as a user gives it, and called twice.
 *
 *   --network unet|vae_decoder|vae_encoder|image_encoder
 *   --dtype float16|float32   what to compute in; default float16 where the GPU has it
 *   --backend webgpu|wasm     default webgpu
 *   --gpu real|swiftshader    the machine's GPU, or Chromium's emulated one; default real where nvidia-smi answers
 *   --model DIR          a checkpoint in the layout of diffusers instead of SVD-XT with random weights
 *
 * For both:
 *
 *   --keep DIR           keeps the files of random weights here, and uses them where they are already
 *   --chromium PATH      Chromium's executable; searched for unless given
 *   --json               the figures as one JSON object
 *
 * The real thing, on a machine with a GPU, and then where its numbers leave half precision (scripts/probe.ts):
 *   npm run fullsize -- --network unet --gpu real --frames 25 --size 1024x576 --dtype float16 --keep weights
 *   npm run fullsize -- --network vae_decoder --gpu real --frames 3 --size 1024x576 --dtype float16 --keep weights
 *   npm run probe -- --network unet --backend webgpu --gpu real --frames 25 --size 1024x576 --dtype float16 --keep weights
 */
import { parseArgs } from 'node:util';
import { measureImport } from './fullsize/import';
import { measureNetwork } from './fullsize/network';
import { newReport } from './fullsize/report';
import { fail } from './setup.mjs';
import { OPTIONS, oneOf, readOptions } from './single-network/options';

const { values } = parseArgs({
  options: {
    ...OPTIONS,
    skip: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
  },
});
const options = readOptions(values, ['webgpu', 'wasm']);
const skip = values.skip.map((network) =>
  oneOf('skip', network, ['unet', 'vae_decoder', 'vae_encoder', 'image_encoder']),
);
const { report, end } = newReport(values.json);
const measured = values.network ? measureNetwork(options, report) : measureImport({ ...options, skip }, report);
await measured.catch((error: Error) => fail(error.message));
end();
