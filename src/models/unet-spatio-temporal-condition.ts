import { Conv2d } from '../nn/conv';
import { Module } from '../nn/module';
import { GroupNorm } from '../nn/norm';
import { inParts } from '../nn/parts';
import type { Value } from '../onnx/graph';
import { add, cast, silu } from '../onnx/ops';
import { elementCount, type Tensor, tensor } from '../tensor/tensor';
import { atLevel, type UNetConfig } from './config';
import { TimestepEmbedding, timesteps } from './embeddings';
import type { Before } from './resnet';
import {
  DownBlockSpatioTemporal,
  type TransformerShape,
  UNetMidBlockSpatioTemporal,
  UpBlockSpatioTemporal,
} from './unet-3d-blocks';

/** What the UNet sees beside the sample, as values of a graph, all float32; the network computes in the dtype asked for. */
export interface UNetConditions {
  /** [1, block_out_channels[0]]: the timestep, spread by `timesteps`. */
  readonly time_proj: Value;
  /** [1, cross_attention_dim]: the picture's CLIP embedding. */
  readonly encoder_hidden_states: Value;
  /** [1, 3 * addition_time_embed_dim]: the three time ids, each spread by `timesteps`. */
  readonly add_time_proj: Value;
}

/** The arguments of diffusers' forward, for one clip. */
export interface UNetArguments {
  /** [frames, in_channels, latent height, latent width]: scaled noisy latents, then the picture's latents. */
  readonly sample: Tensor;
  /** [1]: 0.25 ln(sigma) */
  readonly timestep: Tensor;
  /** [1, cross_attention_dim]: the picture's CLIP embedding. */
  readonly encoder_hidden_states: Tensor;
  /** [3]: fps - 1, motion bucket, strength of the noise augmentation. */
  readonly added_time_ids: Tensor;
}

/** Those arguments as the inputs of the graph, which wants time as sinusoids. */
export function unetInputs(
  { block_out_channels, addition_time_embed_dim }: UNetConfig,
  { timestep, added_time_ids, ...rest }: UNetArguments,
) {
  const { data } = timesteps(added_time_ids.data, addition_time_embed_dim);
  return {
    ...rest,
    time_proj: timesteps(timestep.data, block_out_channels[0] as number),
    add_time_proj: tensor([1, data.length], data),
  };
}

/**
 * diffusers' UNetSpatioTemporalConditionModel (models/unets/unet_spatio_temporal_condition.py), for one clip: guidance calls
 * it twice. Latents of any size: where a side is odd on the way down, the way up follows the skips.
 */
export class UNetSpatioTemporalConditionModel extends Module<
  [sample: Value, conditions: UNetConditions, dtype: 'float32' | 'float16']
> {
  readonly conv_in: Conv2d;
  readonly time_embedding: TimestepEmbedding;
  readonly add_embedding: TimestepEmbedding;
  readonly down_blocks: readonly DownBlockSpatioTemporal[];
  readonly mid_block: UNetMidBlockSpatioTemporal;
  readonly up_blocks: readonly UpBlockSpatioTemporal[];
  readonly conv_norm_out: GroupNorm;
  readonly conv_out: Conv2d;

  constructor(config: UNetConfig) {
    super();
    const widths = config.block_out_channels;
    const last = widths.length - 1;
    const width = (level: number) => widths[Math.min(Math.max(level, 0), last)] as number;
    const tembChannels = 4 * width(0);
    const transformer = (level: number): TransformerShape => ({
      heads: atLevel(config.num_attention_heads, level),
      contextChannels: atLevel(config.cross_attention_dim, level),
      layers: atLevel(config.transformer_layers_per_block, level),
    });

    this.conv_in = new Conv2d(config.in_channels, width(0), { kernel: 3, padding: 1 });
    this.time_embedding = new TimestepEmbedding(width(0), tembChannels);
    this.add_embedding = new TimestepEmbedding(config.projection_class_embeddings_input_dim, tembChannels);

    this.down_blocks = config.down_block_types.map(
      (type, level) =>
        new DownBlockSpatioTemporal({
          inChannels: width(level - 1),
          outChannels: width(level),
          tembChannels,
          layers: atLevel(config.layers_per_block, level),
          resample: level < last,
          transformer: type === 'CrossAttnDownBlockSpatioTemporal' ? transformer(level) : undefined,
        }),
    );
    this.mid_block = new UNetMidBlockSpatioTemporal(width(last), tembChannels, transformer(last));
    this.up_blocks = config.up_block_types.map((type, i) => {
      const level = last - i;
      const layers = atLevel(config.layers_per_block, level) + 1;
      return new UpBlockSpatioTemporal({
        inChannels: width(level + 1),
        outChannels: width(level),
        tembChannels,
        // Every layer of the level left a skip of its width; the one below them, taken last, has the width of the level before.
        skipChannels: Array.from({ length: layers }, (_, layer) => width(layer < layers - 1 ? level : level - 1)),
        resample: level > 0,
        transformer: type === 'CrossAttnUpBlockSpatioTemporal' ? transformer(level) : undefined,
      });
    });

    this.conv_norm_out = new GroupNorm(width(0), 1e-5);
    this.conv_out = new Conv2d(width(0), config.out_channels, { kernel: 3, padding: 1 });
  }

  /** The predicted v, [frames, out_channels, latent height, latent width], float32. */
  protected forward(sample: Value, conditions: UNetConditions, dtype: 'float32' | 'float16'): Value {
    const context = cast(conditions.encoder_hidden_states, dtype);
    const time = this.time_embedding.call(cast(conditions.time_proj, dtype));
    const added = this.add_embedding.call(cast(conditions.add_time_proj, dtype));
    const temb = silu(add(time, added));

    let x = this.conv_in.call(cast(sample, dtype));
    const skips = [x];
    for (const block of this.down_blocks) {
      const [out, blockSkips] = block.call(x, temb, context);
      x = out;
      skips.push(...blockSkips);
    }
    x = this.mid_block.call(x, temb, context);
    let upsample: Before['upsample'];
    for (const block of this.up_blocks) {
      x = block.call(x, temb, context, skips, upsample);
      upsample = block.upsample(skips);
    }
    const [, ...frame] = x.shape;
    return inParts([[x, 0]], elementCount(frame), (part) => {
      // One island, if it is one: between the norm and the convolution nothing is rounded.
      const last = part.graph.inFloat32(this.conv_out.path) ? cast(part, 'float32') : part;
      return cast(this.conv_out.call(silu(this.conv_norm_out.call(last))), 'float32');
    });
  }
}
