/**
 * Float32 islands: parts of a float16 graph that compute in float32, because half precision may not hold their numbers.
 * An island costs memory (its activations and weights are twice as large) and, on most GPUs, half the speed inside it.
 */
export type Island =
  /** The last norm, its activation and the convolutions after it: a norm's sums run over a whole frame. */
  | 'output'
  /** Self-attention of the most pixels: the UNet's first level, down and up, and the one in the VAE's decoder. */
  | 'attention';

const PATHS: Readonly<Record<Island, RegExp>> = {
  output: /^(decoder\.)?(conv_norm_out|conv_out|time_conv_out)$/,
  attention:
    /^(down_blocks\.0|up_blocks\.LAST)\.attentions\.\d+\.transformer_blocks\.\d+\.attn1$|^decoder\.mid_block\.attentions\.0$/,
};

/**
 * Which modules lie on the islands, by their dotted paths.
 *
 * @param levels of the network: the last block of its up path is the first level again
 */
export function onIslands(islands: readonly Island[], levels: number): (path: string) => boolean {
  const patterns = islands.map((island) => new RegExp(PATHS[island].source.replace('LAST', String(levels - 1))));
  return (path) => patterns.some((pattern) => pattern.test(path));
}

/**
 * Chosen by cost and not by a measurement: no GPU has run these graphs yet. In SVD-XT at 25 frames of 1024x576, 'output' is
 * less than a thousandth of the arithmetic and does not raise the peak of memory, which lies elsewhere; 'attention' is 19 % of
 * the UNet's arithmetic, at half the speed. What overflows all the same is computed again in float32.
 */
export const DEFAULT_ISLANDS: readonly Island[] = ['output'];
