import type { Mark } from '../../e2e/pages/clip';
import { openLab } from '../browser/lab';
import { bytesText, median, secondsText, table } from '../figures';

const SETTINGS = { width: 256, height: 144, numFrames: 14, numInferenceSteps: 8, seed: 1 };

/** A whole clip of the site's model as the app makes it, in the app's own workers. */
export async function nano(): Promise<void> {
  const { page, memory, close } = await openLab({
    name: 'clip',
    query: '?backend=wasm',
    gpu: 'swiftshader',
    threads: 2,
    publicFiles: true,
  });
  try {
    const clip = await page.evaluate((settings) => clipPage.makeClip('/samples/lake.png', settings), SETTINGS);
    const held = await memory.read();
    const { width, height, numFrames, numInferenceSteps } = clip.settings;
    console.log(
      `\n${clip.model.name}, ${numFrames} frames of ${width}x${height}, ${numInferenceSteps} steps, ` +
        `${clip.backend.backend} on ${clip.backend.device}\n`,
    );
    const stages = stagesOf(clip.marks);
    const total = clip.marks.at(-1)?.at ?? 0;
    console.log(
      table([
        ['stage', 'seconds', 'share'],
        ...stages.map(([name, seconds]) => [name, seconds.toFixed(2), `${((100 * seconds) / total).toFixed(0)} %`]),
        ['total', total.toFixed(2), '100 %'],
      ]),
    );
    const steps = stepsOf(clip.marks);
    console.log(
      `\nA step: ${secondsText(median(steps))} in the middle; the first, which opens the UNet, ${secondsText(steps[0] ?? 0)}.`,
    );
    const renderer = held.get('renderer')?.peak;
    console.log(`Peak memory of the renderer: ${renderer ? bytesText(renderer) : 'not known on this system'}.`);
    console.log(`The MP4 has ${bytesText(clip.bytes)}.`);
  } finally {
    await close();
  }
}

/** Each stage with its seconds, which add up to the whole. */
function stagesOf(marks: readonly Mark[]): [name: string, seconds: number][] {
  const last = (is: (what: Mark['what']) => boolean) => marks.findLast(({ what }) => is(what))?.at ?? 0;
  const inStage = (stage: string) => (what: Mark['what']) => typeof what === 'object' && what.stage === stage;
  const ends: [name: string, at: number][] = [
    ['start the worker, read the configs', last((what) => what === 'opened')],
    [
      'encode the picture (CLIP, VAE)',
      last((what) => typeof what === 'object' && what.stage === 'denoising' && what.step === 0),
    ],
    ['denoise (UNet)', last(inStage('denoising'))],
    ['decode (VAE)', last(inStage('decoding'))],
    ['hand the frames over', last((what) => what === 'frames')],
    ['encode the MP4 (ffmpeg)', last((what) => what === 'mp4')],
  ];
  return ends.map(([name, at], i) => [name, at - (ends[i - 1]?.[1] ?? 0)]);
}

/** Seconds of every denoising step. */
function stepsOf(marks: readonly Mark[]): number[] {
  const ats = marks.flatMap(({ at, what }) => (typeof what === 'object' && what.stage === 'denoising' ? [at] : []));
  return ats.slice(1).map((at, i) => at - (ats[i] as number));
}
