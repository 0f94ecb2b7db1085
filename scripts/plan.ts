/**
 * `npm run plan -- [options]`: the GPU memory that a clip takes, and how its networks are cut up to take no more than a budget.
 * From the graphs alone: no weights, no browser, no GPU. Gigabytes are powers of ten.
 *
 *   --frames N           default 25
 *   --size WIDTHxHEIGHT  in pixels, default 1024x576
 *   --budget GB          what the clip may take; without it, a table of budgets from 4 to 16
 *   --dtype float16|float32   default float16
 *   --decode-chunk N     frames decoded at once; as many as fit unless given
 *   --model DIR          a checkpoint in the layout of diffusers; SVD-XT unless given
 */
import { parseArgs } from 'node:util';
import { vaeFactor } from '../src/models/autoencoder-kl-temporal-decoder';
import { clipVisionConfig, unetConfig, vaeConfig } from '../src/models/config';
import { type MemoryPlan, type PlannedClip, planner, STAGES, type Stage, type StagePlan } from '../src/models/plan';
import { bytesText, table } from './figures';
import { configOf } from './network-choice';
import { fail } from './setup.mjs';

const BUDGETS = [4, 6, 8, 12, 16];

const TITLES: Readonly<Record<Stage, string>> = {
  imageEncoder: 'image encoder',
  vaeEncoder: 'VAE encoder',
  unet: 'UNet',
  vaeDecoder: 'VAE decoder',
};

const { clip, dtype, budget, model } = readOptions();
const configs = {
  unet: unetConfig.parse(configOf('unet', model)),
  vae: vaeConfig.parse(configOf('vae', model)),
  imageEncoder: clipVisionConfig.parse(configOf('image_encoder', model)),
};
const factor = vaeFactor(configs.vae);
if (clip.width % factor || clip.height % factor) fail(`Width and height must be multiples of ${factor}.`);
const plan = planner(configs, clip, dtype);

console.log(`\n${model ?? 'SVD-XT'}, ${clip.frames} frames of ${clip.width}x${clip.height}, ${dtype}\n`);
if (budget) printPlan(plan(budget * 1e9));
else printBudgets(BUDGETS.map((gigabytes) => plan(gigabytes * 1e9)));

/** Every stage of one plan. */
function printPlan(made: MemoryPlan) {
  console.log(
    table([
      ['stage', 'dtype', 'weights', 'activations', 'scratch', 'peak', 'frames a call', 'parts up to'],
      ...STAGES.map((stage) => {
        const { dtype, weightsBytes, activationsBytes, scratchBytes, peakBytes, frames } = made.stages[stage];
        const bytes = [weightsBytes, activationsBytes, scratchBytes, peakBytes].map(bytesText);
        return [TITLES[stage], dtype, ...bytes, frames, parts(made.stages[stage])];
      }),
    ]),
  );
  console.log(`\n${verdict(made)} One stage is on the GPU at a time.`);
}

function verdict({ fits, peakBytes, budgetBytes }: MemoryPlan): string {
  const [peak, allowed] = [atMost(peakBytes), bytesText(budgetBytes)];
  return fits
    ? `It fits: ${peak} at most, of ${allowed}.`
    : `It does NOT fit: ${peak} is the least that it can be cut to, and ${allowed} are allowed. Choose fewer frames or a smaller size.`;
}

/** One line a budget. */
function printBudgets(plans: readonly MemoryPlan[]) {
  console.log(
    table([
      ['budget', 'peak', 'fits', ...STAGES.map((stage) => TITLES[stage]), 'UNet in parts up to', 'decoded at once'],
      ...plans.map(({ budgetBytes, peakBytes, fits, stages }) => [
        bytesText(budgetBytes),
        atMost(peakBytes),
        fits ? 'yes' : 'NO',
        ...STAGES.map((stage) => bytesText(stages[stage].peakBytes)),
        parts(stages.unet),
        stages.vaeDecoder.frames,
      ]),
    ]),
  );
  if (plans.some(({ fits }) => !fits)) {
    console.log('\nNO: more than the budget even in the smallest parts; the peak is the least that can be reached.');
  }
}

/** Rounded up: what is above a budget must not look like it. */
function atMost(bytes: number): string {
  return bytesText(1e7 * Math.ceil(bytes / 1e7));
}

function parts({ maxTensorBytes }: StagePlan): string {
  return maxTensorBytes < 2 ** 30 ? bytesText(maxTensorBytes) : 'whole';
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      frames: { type: 'string', default: '25' },
      size: { type: 'string', default: '1024x576' },
      budget: { type: 'string' },
      dtype: { type: 'string', default: 'float16' },
      'decode-chunk': { type: 'string' },
      model: { type: 'string' },
    },
  });
  const [, width, height] = /^(\d+)x(\d+)$/.exec(values.size) ?? fail('--size is WIDTHxHEIGHT, such as 1024x576.');
  const { dtype } = values;
  if (dtype !== 'float16' && dtype !== 'float32') fail(`--dtype is float16 or float32, not "${dtype}".`);
  const decodeChunkSize = values['decode-chunk'] && whole('decode-chunk', values['decode-chunk']);
  const clip: PlannedClip = {
    frames: whole('frames', values.frames),
    width: Number(width),
    height: Number(height),
    ...(decodeChunkSize && { decodeChunkSize }),
  };
  const budget = values.budget === undefined ? undefined : Number(values.budget);
  if (budget !== undefined && !(budget > 0)) fail('--budget is a number of gigabytes, such as 8.');
  return { clip, dtype: dtype as 'float16' | 'float32', budget, model: values.model };
}

function whole(option: string, text: string): number {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : fail(`--${option} is a whole number from 1 on, not "${text}".`);
}
