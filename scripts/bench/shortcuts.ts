import { totalMacs } from '../../src/onnx/cost';
import { openLab } from '../browser/lab';
import { bytesText, median, secondsText, table } from '../figures';
import { chooseNetwork, FOLDER, weightPaths } from '../network-choice';
import { siteModel } from './site-model';

const CLIP = { frames: 14, height: 144, width: 256 };
const ROUNDS = 7;
const WAYS = ['unet', 'plain_unet'] as const;
const TITLES = { unet: 'ours', plain_unet: 'plain' } as const;

/** The same UNet call built twice, run by turns in one browser, each in a worker of its own. */
export async function shortcuts(): Promise<void> {
  const { page, close } = await openLab({ name: 'network', gpu: 'swiftshader', threads: 2 });
  const model = siteModel();
  try {
    await page.locator('input').setInputFiles(weightPaths('unet', model));
    const opened = [];
    for (const way of WAYS) {
      const { device } = await page.evaluate((name) => networkPage.choose(name, 'wasm'), way);
      const request = {
        ...chooseNetwork(way, model, CLIP),
        folder: FOLDER[way],
        backend: 'wasm',
        dtype: 'float32',
      } as const;
      const { cost } = await page.evaluate(([name, asked]) => networkPage.open(name, asked), [way, request] as const);
      opened.push({ way, device, cost, seconds: [] as number[], heapBytes: 0 });
    }
    // By turns, so that what else the machine does falls on both.
    for (let round = -1; round < ROUNDS; round++) {
      for (const each of opened) {
        const ran = await page.evaluate((name) => networkPage.run(name), each.way);
        each.heapBytes = ran.heapBytes;
        // The first call also lays out memory.
        if (round >= 0) each.seconds.push(ran.seconds);
      }
    }
    const difference = await page.evaluate(([a, b]) => networkPage.difference(a, b), WAYS);
    const rows = opened.map(({ way, cost, seconds, heapBytes }) => ({
      title: TITLES[way],
      median: median(seconds),
      best: Math.min(...seconds),
      nodes: Object.values(cost.nodes).reduce((sum, count) => sum + count, 0),
      gigamacs: totalMacs(cost) / 1e9,
      largestBytes: cost.largestBytes,
      heapBytes,
    }));
    const [ours, plain] = rows as [(typeof rows)[number], (typeof rows)[number]];
    const ratio = (of: (row: typeof ours) => number) => (of(ours) / of(plain)).toFixed(3);
    console.log(
      `\nOne UNet call of ${model.split('/').at(-1)}, ${CLIP.frames} frames of ${CLIP.width}x${CLIP.height}, wasm on ` +
        `${opened[0]?.device}, ${ROUNDS} calls by turns\n`,
    );
    console.log(
      table([
        ['', 'median', 'best', 'nodes', 'GMAC', 'largest tensor', 'wasm heap'],
        ...rows.map((row) => [
          row.title,
          secondsText(row.median),
          secondsText(row.best),
          row.nodes,
          row.gigamacs.toFixed(2),
          bytesText(row.largestBytes),
          bytesText(row.heapBytes),
        ]),
        [
          'ours / plain',
          ratio((row) => row.median),
          ratio((row) => row.best),
          ratio((row) => row.nodes),
          ratio((row) => row.gigamacs),
          ratio((row) => row.largestBytes),
          ratio((row) => row.heapBytes),
        ],
      ]),
    );
    console.log(`\nTheir outputs differ by ${difference.toExponential(1)} of the largest value.`);
  } finally {
    await close();
  }
}
