import { allFinite } from './finite';
import type { Network } from './stable-video-diffusion';

type DType = 'float32' | 'float16';

/**
 * Opens a stage's networks such that a run in half precision whose numbers are not finite is done again in float32, from the
 * same inputs. From then on the stage stays in float32, also where the pipeline opens its network anew. What float32 gives
 * is returned, whatever it is.
 *
 * @param dtype to begin with
 * @param open a network of the stage in a dtype; the first is released before the second is opened
 * @param onSecondTry told before the network is opened in float32
 */
export function withSecondTry<Shape extends readonly unknown[], Inputs>(
  dtype: DType,
  open: (dtype: DType, ...shape: Shape) => Promise<Network<Inputs>>,
  onSecondTry: () => void,
): (...shape: Shape) => Promise<Network<Inputs>> {
  let current = dtype;
  return async (...shape) => {
    let network: Network<Inputs> | undefined = await open(current, ...shape);
    const release = async () => {
      const released = network;
      network = undefined;
      await released?.release();
    };
    return {
      async run(inputs) {
        const output = await (network as Network<Inputs>).run(inputs);
        if (current === 'float32' || allFinite(output)) return output;
        await release();
        current = 'float32';
        onSecondTry();
        network = await open(current, ...shape);
        return network.run(inputs);
      },
      release,
    };
  };
}
