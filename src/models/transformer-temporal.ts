import { Linear } from '../nn/linear';
import { Module } from '../nn/module';
import { GroupNorm } from '../nn/norm';
import { inParts } from '../nn/parts';
import type { Value } from '../onnx/graph';
import { add, mul, reshape, transpose } from '../onnx/ops';
import { BasicTransformerBlock, TemporalBasicTransformerBlock } from './attention';
import { frameTimesteps, TimestepEmbedding } from './embeddings';
import { AlphaBlender } from './resnet';

export interface TransformerOptions {
  readonly channels: number;
  readonly heads: number;
  readonly contextChannels: number;
  /** Pairs of a spatial and a temporal block. */
  readonly layers: number;
}

/**
 * diffusers' TransformerSpatioTemporalModel (models/transformers/transformer_temporal.py).
 * x [frames, channels, height, width]; context [1, cross-attention channels]
 */
export class TransformerSpatioTemporalModel extends Module<[x: Value, context: Value]> {
  readonly norm: GroupNorm;
  readonly proj_in: Linear;
  readonly transformer_blocks: readonly BasicTransformerBlock[];
  readonly temporal_transformer_blocks: readonly TemporalBasicTransformerBlock[];
  readonly time_pos_embed: TimestepEmbedding;
  readonly time_mixer = new AlphaBlender();
  readonly proj_out: Linear;

  constructor({ channels, heads, contextChannels, layers }: TransformerOptions) {
    super();
    const list = <T>(make: () => T): T[] => Array.from({ length: layers }, make);
    this.norm = new GroupNorm(channels, 1e-6);
    this.proj_in = new Linear(channels, channels);
    this.transformer_blocks = list(() => new BasicTransformerBlock(channels, heads, contextChannels));
    this.temporal_transformer_blocks = list(() => new TemporalBasicTransformerBlock(channels, heads, contextChannels));
    this.time_pos_embed = new TimestepEmbedding(channels, 4 * channels, channels);
    this.proj_out = new Linear(channels, channels);
  }

  protected forward(x: Value, context: Value): Value {
    const [frames, channels, height, width] = x.shape as [number, number, number, number];
    const pixels = height * width;
    const position = this.time_pos_embed.call(frameTimesteps(x, frames, channels));
    const [alpha, rest] = [this.time_mixer.call(x), this.time_mixer.rest(x)];
    let h = x;
    this.transformer_blocks.forEach((block, i) => {
      const inSpace = block.attn2.toOneToken(context);
      const tokens = (part: Value) => (i === 0 ? this.#tokens(part) : part);
      h = inParts([[h, 0]], channels * pixels, (part) => block.call(tokens(part), inSpace));
      const alongTime = this.temporal_transformer_blocks[i] as TemporalBasicTransformerBlock;
      const inTime = alongTime.attn2.toOneToken(context);
      h = inParts([[h, 1]], channels * frames, (part) => {
        const temporal = alongTime.call(this.#byPixel(part, position), inTime);
        return add(mul(part, alpha), mul(transpose(temporal, [1, 0, 2]), rest));
      });
    });
    return inParts(
      [
        [h, 0],
        [x, 0],
      ],
      channels * pixels,
      (part, residual) => add(reshape(transpose(this.proj_out.call(part), [0, 2, 1]), residual.shape), residual),
    );
  }

  /** [frames, channels, height, width] -> [frames, pixels, channels] */
  #tokens(x: Value): Value {
    const [frames, channels, height, width] = x.shape as [number, number, number, number];
    return this.proj_in.call(transpose(reshape(this.norm.call(x), [frames, channels, height * width]), [0, 2, 1]));
  }

  /** Temporal blocks see pixels as the batch and frames as tokens: [pixels, frames, channels], each frame told its number. */
  #byPixel(x: Value, position: Value): Value {
    return add(transpose(x, [1, 0, 2]), position);
  }
}
