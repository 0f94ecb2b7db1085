import {
  type Attention,
  type AttentionOptions,
  BasicTransformerBlock,
  FeedForward,
  GEGLU,
  TemporalBasicTransformerBlock,
} from '../src/models/attention';
import type { UNetConfig } from '../src/models/config';
import { frameTimesteps } from '../src/models/embeddings';
import { type ClipShape, type GraphOptions, graphOfUNet } from '../src/models/graphs';
import {
  type AlphaBlender,
  type Before,
  ResnetBlock2D,
  SpatioTemporalResBlock,
  TemporalResnetBlock,
} from '../src/models/resnet';
import { TransformerSpatioTemporalModel } from '../src/models/transformer-temporal';
import { UNetSpatioTemporalConditionModel } from '../src/models/unet-spatio-temporal-condition';
import type { Linear } from '../src/nn/linear';
import { type Module, named, parts } from '../src/nn/module';
import type { Graph, Value } from '../src/onnx/graph';
import {
  add,
  concat,
  gelu,
  mul,
  multiHeadAttention,
  reshape,
  sigmoid,
  silu,
  split,
  sub,
  transpose,
} from '../src/onnx/ops';
import type { Shape } from '../src/tensor/tensor';

/**
 * SVD's UNet without the shortcuts of src/models, operator for operator as diffusers runs it: to check that they change no
 * number and to measure what they save. Same parameters, same inputs and output as `unetGraph`.
 */
export function plainUnetGraph(config: UNetConfig, shape: ClipShape, options: GraphOptions): Graph {
  const network = named(new UNetSpatioTemporalConditionModel(config));
  for (const [, part] of parts(network, '')) makePlain(part as Module);
  return graphOfUNet(network, config, shape, options);
}

/** Gives a module the plain forward of its class, where ours takes a shortcut. A class comes before the one it extends. */
function makePlain(part: Module) {
  if (part instanceof TemporalBasicTransformerBlock) {
    replaceForward(part, (input, context) => {
      let x = add(input, part.ff_in.call(part.norm_in.call(input)));
      x = add(x, part.attn1.call(part.norm1.call(x)));
      x = add(x, crossAttention(part.attn2, part.norm2.call(x), context));
      return add(x, part.ff.call(part.norm3.call(x)));
    });
  } else if (part instanceof BasicTransformerBlock) {
    replaceForward(part, (input, context) => {
      let x = add(input, part.attn1.call(part.norm1.call(input)));
      x = add(x, crossAttention(part.attn2, part.norm2.call(x), context));
      return add(x, part.ff.call(part.norm3.call(x)));
    });
  } else if (part instanceof GEGLU) {
    replaceForward(part, (x) => {
      const inner = part.proj.outFeatures / 2;
      const [value, gate] = split(part.proj.call(x), [inner, inner], 2) as [Value, Value];
      return mul(value, gelu(gate));
    });
  } else if (part instanceof FeedForward) {
    replaceForward(part, (x) => part.net[2].call(part.net[0].call(x)));
  } else if (part instanceof TransformerSpatioTemporalModel) {
    replaceForward(part, (x, context) => transformer(part, x, context));
  } else if (part instanceof ResnetBlock2D) {
    replaceForward(part, (input, temb, before) => {
      const x = whole(input, before);
      let h = part.conv1.call(silu(part.norm1.call(x)));
      h = addTime(h, part.time_emb_proj as Linear, temb as Value);
      h = part.conv2.call(silu(part.norm2.call(h)));
      return add(part.conv_shortcut?.call(x) ?? x, h);
    });
  } else if (part instanceof TemporalResnetBlock) {
    replaceForward(part, (x, temb) => {
      const h = part.conv1.call(silu(part.norm1.call(x)));
      return add(x, part.conv2.call(silu(part.norm2.call(addTime(h, part.time_emb_proj as Linear, temb as Value)))));
    });
  } else if (part instanceof SpatioTemporalResBlock) {
    replaceForward(part, (x, temb, before) => {
      const spatial = part.spatial_res_block.call(x, temb, before);
      const [frames, channels, height, width] = spatial.shape as [number, number, number, number];
      const byChannel = transpose(reshape(spatial, [frames, channels, height * width]), [1, 0, 2]);
      const t = part.temporal_res_block.call(reshape(byChannel, [1, channels, frames, height * width]), temb);
      const byFrame = transpose(reshape(t, [channels, frames, height * width]), [1, 0, 2]);
      return blend(part.time_mixer, spatial, reshape(byFrame, spatial.shape));
    });
  }
}

/** `forward` is protected: only its class may call it. Here it is replaced, not called. */
function replaceForward<Inputs extends readonly [Value, ...unknown[]]>(
  part: Module<Inputs>,
  forward: (...inputs: Inputs) => Value,
) {
  Object.assign(part, { forward });
}

function transformer(model: TransformerSpatioTemporalModel, x: Value, context: Value): Value {
  const [frames, channels, height, width] = x.shape as [number, number, number, number];
  const position = model.time_pos_embed.call(frameTimesteps(x, frames, channels));
  let h = transpose(reshape(model.norm.call(x), [frames, channels, height * width]), [0, 2, 1]);
  h = model.proj_in.call(h);
  model.transformer_blocks.forEach((block, i) => {
    h = block.call(h, context);
    const byPixel = transpose(add(h, reshape(position, [frames, 1, channels])), [1, 0, 2]);
    const temporal = model.temporal_transformer_blocks[i]?.call(byPixel, context) as Value;
    h = blend(model.time_mixer, h, transpose(temporal, [1, 0, 2]));
  });
  return add(reshape(transpose(model.proj_out.call(h), [0, 2, 1]), x.shape), x);
}

/** Every token asks, over a context repeated for each row of the batch. x [batch, tokens, channels], normed */
function crossAttention(attention: Attention, x: Value, context: Value): Value {
  const { heads } = (attention as unknown as { options: AttentionOptions }).options;
  const [batch] = x.shape as [number];
  const repeated = expand(reshape(context, [1, 1, context.shape[1] as number]), batch);
  const [q, k, v] = [attention.to_q.call(x), attention.to_k.call(repeated), attention.to_v.call(repeated)];
  return attention.to_out[0].call(multiHeadAttention(q, k, v, heads));
}

function expand(x: Value, batch: number): Value {
  const shape: Shape = [batch, ...x.shape.slice(1)];
  const size = x.graph.constant(`[${shape}]`, shape, [shape.length], 'int64');
  return x.graph.node('Expand', [x, size], { shape, dtype: x.dtype });
}

/** What comes before a residual block, done for all frames at once. */
function whole(x: Value, { upsample, skip }: Before = {}): Value {
  const larger = upsample ? upsample.sampler.call(x, upsample.height, upsample.width) : x;
  return skip ? concat([larger, skip], 1) : larger;
}

/** h [batch, channels, ...] plus the time embedding's share, one number a channel. */
function addTime(h: Value, proj: Linear, temb: Value): Value {
  return add(h, reshape(proj.call(temb), [1, proj.outFeatures, 1, 1]));
}

/** diffusers' AlphaBlender: alpha of the spatial branch, the rest of the temporal. */
function blend(mixer: AlphaBlender, spatial: Value, temporal: Value): Value {
  const alpha = sigmoid(mixer.mix_factor.in(spatial));
  const one = spatial.graph.constant(`one.${spatial.dtype}`, [1], [1], spatial.dtype);
  return add(mul(spatial, alpha), mul(temporal, sub(one, alpha)));
}
