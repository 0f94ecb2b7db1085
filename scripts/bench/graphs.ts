import { NETWORKS, type NetworkName, networkGraph } from '../../e2e/pages/network-graph';
import { madeUpWeights } from '../../reference/made-up-weights';
import { vaeConfig } from '../../src/models/config';
import type { ClipShape } from '../../src/models/graphs';
import { planDecoder } from '../../src/models/plan';
import { type Cost, cost, totalMacs } from '../../src/onnx/cost';
import { modelProto } from '../../src/onnx/proto';
import { bytesText, secondsText, table } from '../figures';
import { chooseNetwork } from '../network-choice';

const CLIP: ClipShape = { frames: 25, height: 576, width: 1024 };

/** Teraflop summed by hand over diffusers' own layers; the UNet's without the 2.9 of cross-attention that ours leaves out. */
const BY_HAND: Partial<Record<NetworkName, number>> = { unet: 76.9, plain_unet: 79.8, vae_decoder: 173.6 };

/** SVD-XT's graphs at full size. */
export function graphs(): void {
  const measured = NETWORKS.map(measure);
  console.log(`\nSVD-XT, ${CLIP.frames} frames of ${CLIP.width}x${CLIP.height}, float16\n`);
  console.log(
    table([
      ['network', 'frames a call', 'built in', 'graph', 'nodes', 'largest tensor', 'TFLOP a clip', 'by hand'],
      ...measured.map(({ network, frames, seconds, bytes, nodes, largestBytes, teraflop }) => [
        network,
        frames,
        secondsText(seconds),
        bytesText(bytes),
        nodes,
        `${(largestBytes / 2 ** 20).toFixed(0)} MiB`,
        teraflop.toPrecision(3),
        BY_HAND[network] ?? '',
      ]),
    ]),
  );
  console.log('\nNodes by operator\n');
  const operators = [...new Set(measured.flatMap(({ byOperator }) => Object.keys(byOperator)))];
  const total = (name: string) => measured.reduce((sum, { byOperator }) => sum + (byOperator[name] ?? 0), 0);
  console.log(
    table([
      ['operator', ...measured.map(({ network }) => network)],
      ...operators
        .sort((a, b) => total(b) - total(a))
        .map((name) => [name, ...measured.map(({ byOperator }) => byOperator[name] ?? '')]),
    ]),
  );
}

function measure(network: NetworkName) {
  const whole = chooseNetwork(network, undefined, CLIP);
  const frames = framesPerCall(network, whole.config);
  const choice = { ...whole, shape: { ...whole.shape, frames } };
  const start = performance.now();
  const graph = networkGraph(choice, { dtype: 'float16', locate: madeUpWeights().locate });
  const bytes = modelProto(graph).byteLength;
  const seconds = (performance.now() - start) / 1000;
  const counted: Cost = cost(graph);
  return {
    network,
    frames,
    seconds,
    bytes,
    nodes: graph.nodes.length,
    byOperator: counted.nodes,
    largestBytes: counted.largestBytes,
    // The decoder takes a clip in several calls.
    teraflop: ((2 * totalMacs(counted)) / 1e12) * (network === 'vae_decoder' ? CLIP.frames / frames : 1),
  };
}

/** Of the decoder as many as fit 8 GB; the encoders see one picture. */
function framesPerCall(network: NetworkName, config: unknown): number {
  if (network === 'vae_decoder') return planDecoder(vaeConfig.parse(config), CLIP, 'float16', 8e9).frames;
  return network === 'unet' || network === 'plain_unet' ? CLIP.frames : 1;
}
