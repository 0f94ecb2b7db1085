import { Linear } from '../nn/linear';
import { Module } from '../nn/module';
import { GroupNorm } from '../nn/norm';
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
    const position = this.time_pos_embed.call(frameTimesteps(x, frames, channels));
    let h = transpose(reshape(this.norm.call(x), [frames, channels, height * width]), [0, 2, 1]);
    h = this.proj_in.call(h);
    this.transformer_blocks.forEach((block, i) => {
      h = block.call(h, context);
      // Temporal blocks see pixels as the batch and frames as tokens: [pixels, frames, channels].
      const byPixel = add(transpose(h, [1, 0, 2]), position);
      const temporal = this.temporal_transformer_blocks[i]?.call(byPixel, context) as Value;
      h = add(mul(h, this.time_mixer.call(x)), mul(transpose(temporal, [1, 0, 2]), this.time_mixer.rest(x)));
    });
    const out = transpose(this.proj_out.call(h), [0, 2, 1]);
    return add(reshape(out, x.shape), x);
  }
}
