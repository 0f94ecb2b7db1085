import { join } from 'node:path';
import { KNOWN_MODELS } from '../../src/checkpoints/known-models';
import { totalMacs } from '../../src/onnx/cost';
import { type Lab, openLab } from '../browser/lab';
import { bytesText, flopsText, secondsText } from '../figures';
import { chooseNetwork, FOLDER } from '../network-choice';
import type { Options } from '../single-network/options';
import { temporaryFolder, weightFiles } from '../single-network/weights';
import { type Report, reportMemory, say } from './report';

/** Biggest first, so that a lack of room shows at once. Of each network, in the order of their cost on an emulated GPU. */
const WEIGHTS = ['unet', 'image_encoder', 'vae_decoder'] as const;
const NETWORKS = ['vae_encoder', 'unet', 'vae_decoder', 'image_encoder'] as const;

/** The page and its workers; the GPU process holds what a GPU would, and is not counted. */
const RENDERER_LIMIT = 1.5e9;

type ImportOptions = Pick<Options, 'frames' | 'width' | 'height' | 'keep' | 'chromium'> & {
  /** Networks that are imported and not run. */
  readonly skip: readonly string[];
};

/**
 * SVD-XT with random weights of its true sizes, brought into the browser's storage by the product's own import, then every
 * network opened from there and called once, on Chromium's emulated GPU in float32.
 *
 * @throws Error if the renderer took more memory than it may
 */
export async function measureImport(options: ImportOptions, report: Report): Promise<void> {
  const sources: string[] = [];
  for (const network of WEIGHTS) {
    const { paths, text } = await weightFiles({ network, model: undefined, keep: options.keep }, 'float16', false, say);
    report(`${FOLDER[network]} weights`, text, {});
    sources.push(...paths);
  }
  say('Building the page and starting Chromium ...');
  const profile = join(temporaryFolder(), 'profile');
  const lab = await openLab({ name: 'network', gpu: 'swiftshader', chromium: options.chromium, profile });
  lab.page.on('console', (message) => message.type() === 'info' && say(`  ${message.text()}`));
  try {
    await importInto(lab, sources, report);
    for (const network of NETWORKS) {
      if (!options.skip.includes(network)) await callOnce(lab, network, options, report);
    }
    const peak = await reportMemory(lab, 'memory', report);
    if (peak !== undefined && peak > RENDERER_LIMIT) {
      throw new Error(`The renderer took ${bytesText(peak)}, and may take ${bytesText(RENDERER_LIMIT)}.`);
    }
  } finally {
    await lab.close();
  }
}

async function importInto(lab: Lab, sources: readonly string[], report: Report) {
  await lab.page.locator('input').setInputFiles([...sources]);
  const { configs } = KNOWN_MODELS.find(({ id }) => id === 'svd-xt') ?? { configs: {} };
  const paths = WEIGHTS.map((network) => `${FOLDER[network]}/weights.safetensors`);
  say('Importing ...');
  const start = performance.now();
  const { bytes } = await lab.page.evaluate(([names, texts]) => networkPage.importModel(names, texts), [
    paths,
    configs,
  ] as const);
  const seconds = (performance.now() - start) / 1000;
  report('Import', `${bytesText(bytes)} copied, hashed and verified in ${secondsText(seconds)}`, {
    import: { bytes, seconds },
  });
  await reportMemory(lab, 'memoryImported', report);
}

async function callOnce(lab: Lab, network: (typeof NETWORKS)[number], options: ImportOptions, report: Report) {
  say(`${network} ...`);
  const choice = chooseNetwork(network, undefined, options);
  const request = { ...choice, folder: FOLDER[network], backend: 'webgpu', dtype: 'float32' } as const;
  const { cost, ...opened } = await lab.page.evaluate(([name, asked]) => networkPage.open(name, asked), [
    network,
    request,
  ] as const);
  const { shape, ...ran } = await lab.page.evaluate((name) => networkPage.run(name), network);
  await lab.page.evaluate((name) => networkPage.close(name), network);
  report(
    network,
    `opened in ${secondsText(opened.seconds)} (${bytesText(opened.readBytes)} read), called in ${secondsText(ran.seconds)} ` +
      `(${flopsText((2 * totalMacs(cost)) / ran.seconds, 'FLOP/s')}); output [${shape}], ${ran.notFinite} of ${ran.elements} not finite`,
    { [network]: { open: opened, run: { shape, ...ran } } },
  );
  await reportMemory(lab, `${network}Memory`, report);
  if (ran.notFinite > 0) throw new Error(`${network} gave ${ran.notFinite} numbers that are not finite.`);
}
