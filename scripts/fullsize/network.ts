import { totalMacs } from '../../src/onnx/cost';
import { type Gpu, type Lab, openLab } from '../browser/lab';
import { NvidiaMemory } from '../browser/nvidia-memory';
import { bytesText, flopsText, secondsText } from '../figures';
import { chooseNetwork, FOLDER } from '../network-choice';
import { checkBackend } from '../single-network/checks';
import type { Options } from '../single-network/options';
import { weightFiles } from '../single-network/weights';
import { type Report, reportMemory, say } from './report';

type NetworkOptions = Options & { readonly backend: 'webgpu' | 'wasm' };

/** One network, opened on its weights and called twice. */
export async function measureNetwork(options: NetworkOptions, report: Report): Promise<void> {
  const nvidia = NvidiaMemory.start();
  const gpu = options.gpu ?? (nvidia ? 'real' : 'swiftshader');
  say('Building the page and starting Chromium ...');
  const lab = await openLab({ name: 'network', gpu, chromium: options.chromium });
  lab.page.on('console', (message) => message.type() === 'info' && say(`  ${message.text()}`));
  try {
    await measureIn(lab, gpu, options, report);
    if (nvidia) {
      const [peak, before] = [nvidia.peak, nvidia.before];
      report('NVIDIA memory', `peak ${bytesText(peak)}, ${bytesText(before)} before`, { nvidia: { peak, before } });
    }
  } finally {
    nvidia?.stop();
    await lab.close();
  }
}

async function measureIn(lab: Lab, gpu: Gpu, options: NetworkOptions, report: Report) {
  const { network, backend, model } = options;
  const info = await lab.page.evaluate((wanted) => networkPage.choose('it', wanted), backend);
  const dtype = options.dtype ?? info.dtype;
  checkBackend(info, gpu, dtype);
  const choice = chooseNetwork(network, model, options);
  report('Backend', `${info.backend} on ${info.device}, ${dtype}`, { ...info, dtype });

  const { paths, text, ...weights } = await weightFiles(options, dtype, backend === 'wasm', say);
  if (text) report('Weights', text, weights);
  await lab.page.locator('input').setInputFiles([...paths]);

  say('Opening the session ...');
  const request = { ...choice, folder: FOLDER[network], backend, dtype };
  const { cost, ...opened } = await lab.page.evaluate((asked) => networkPage.open('it', asked), request);
  const flops = 2 * totalMacs(cost);
  const nodes = Object.values(cost.nodes).reduce((sum, count) => sum + count, 0);
  report(
    'Graph',
    `${network} of ${model ?? 'SVD-XT'}${sizeText(options)}: ${nodes} nodes, ` +
      `${flopsText(flops)} a call, largest tensor ${bytesText(cost.largestBytes)}`,
    { network, model: model ?? 'svd-xt', ...choice.shape, nodes, flops, largestTensorBytes: cost.largestBytes },
  );
  report(
    'Session opened in',
    `${secondsText(opened.seconds)}, ${bytesText(opened.readBytes)} given to ONNX Runtime, wasm heap ${bytesText(opened.heapBytes)}`,
    { open: opened },
  );
  await reportMemory(lab, 'memoryOpened', report);

  for (const name of ['First call', 'Second call']) {
    say(`${name} ...`);
    const ran = await lab.page.evaluate(() => networkPage.run('it'));
    const finite = ran.notFinite ? `${ran.notFinite} of ${ran.elements} values NOT finite` : 'all finite';
    report(
      `${name} took`,
      `${secondsText(ran.seconds)}, ${flopsText(flops / ran.seconds, 'FLOP/s')}; output [${ran.shape}] ${finite}, ` +
        `max abs ${ran.maxAbs.toPrecision(4)}; wasm heap ${bytesText(ran.heapBytes)}`,
      { [name === 'First call' ? 'first' : 'second']: ran },
    );
  }
  await reportMemory(lab, 'memory', report);
}

/** The image encoder has a size of its own, and both encoders see one picture. */
function sizeText({ network, frames, width, height }: NetworkOptions): string {
  if (network === 'image_encoder') return '';
  return `, ${network === 'vae_encoder' ? 'a picture' : `${frames} frames`} of ${width}x${height}`;
}
