import { Conv2d, TemporalConv } from '../nn/conv';
import { Linear } from '../nn/linear';
import { Module, Parameter } from '../nn/module';
import { GroupNorm } from '../nn/norm';
import { inParts } from '../nn/parts';
import type { Value } from '../onnx/graph';
import { add, concat, mul, neg, reshape, resizeNearest, sigmoid, silu, transpose } from '../onnx/ops';

/**
 * Residual blocks, after diffusers' models/resnet.py. Frames are the batch: x [frames, channels, height, width].
 * `temb` is the time embedding after SiLU, [1, embedding channels]; the VAE has none.
 */

/** What all residual blocks share: widths and the epsilon of their norms. */
export interface ResnetOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Channels of `temb`; left out where the block takes none. */
  readonly tembChannels?: number | undefined;
  readonly eps: number;
}

/** The bias of a convolution with the time embedding's share added: one small sum instead of a pass over the activations. */
function biasWithTime(
  conv: Conv2d | TemporalConv,
  proj: Linear | undefined,
  temb: Value | undefined,
): Value | undefined {
  if (!proj || !temb || !conv.bias) return undefined;
  return add(reshape(proj.call(temb), [proj.outFeatures]), conv.bias.in(temb));
}

/**
 * What a residual block does to x first, to some frames at a time: done before it for all frames, it would make the largest
 * tensors of a network.
 */
export interface Before {
  /** The upsampler that ends the level before, and the size it goes to. */
  readonly upsample?: { readonly sampler: Upsample2D; readonly height: number; readonly width: number } | undefined;
  /** Joins x, upsampled, as more channels. */
  readonly skip?: Value;
}

/** diffusers' ResnetBlock2D, on each frame by itself. */
export class ResnetBlock2D extends Module<[x: Value, temb?: Value, before?: Before]> {
  readonly norm1: GroupNorm;
  readonly conv1: Conv2d;
  readonly time_emb_proj?: Linear;
  readonly norm2: GroupNorm;
  readonly conv2: Conv2d;
  readonly conv_shortcut?: Conv2d;

  constructor(private readonly options: ResnetOptions) {
    super();
    const { inChannels, outChannels, tembChannels, eps } = options;
    this.norm1 = new GroupNorm(inChannels, eps);
    this.conv1 = new Conv2d(inChannels, outChannels, { kernel: 3, padding: 1 });
    if (tembChannels) this.time_emb_proj = new Linear(tembChannels, outChannels);
    this.norm2 = new GroupNorm(outChannels, eps);
    this.conv2 = new Conv2d(outChannels, outChannels, { kernel: 3, padding: 1 });
    if (inChannels !== outChannels) this.conv_shortcut = new Conv2d(inChannels, outChannels, { kernel: 1 });
  }

  protected forward(x: Value, temb?: Value, { upsample, skip }: Before = {}): Value {
    const { inChannels, outChannels } = this.options;
    const [, , height, width] = x.shape as [number, number, number, number];
    const bias = biasWithTime(this.conv1, this.time_emb_proj, temb);
    const pixels = upsample ? upsample.height * upsample.width : height * width;
    const frames = (part: Value, ...more: Value[]) => {
      const larger = upsample ? upsample.sampler.call(part, upsample.height, upsample.width) : part;
      return this.#frames(concat([larger, ...more], 1), bias);
    };
    return inParts(
      skip
        ? [
            [x, 0],
            [skip, 0],
          ]
        : [[x, 0]],
      Math.max(inChannels, outChannels) * pixels,
      frames,
    );
  }

  #frames(x: Value, bias: Value | undefined): Value {
    let h = this.conv1.call(silu(this.norm1.call(x)), bias);
    h = this.conv2.call(silu(this.norm2.call(h)));
    return add(this.conv_shortcut?.call(x) ?? x, h);
  }
}

/**
 * diffusers' TemporalResnetBlock: x [1, channels, frames, pixels], convolved along the frames. Returns only what the block
 * adds to x, since its caller adds x itself.
 */
export class TemporalResnetBlock extends Module<[x: Value, temb?: Value]> {
  readonly norm1: GroupNorm;
  readonly conv1: TemporalConv;
  readonly time_emb_proj?: Linear;
  readonly norm2: GroupNorm;
  readonly conv2: TemporalConv;

  constructor(channels: number, tembChannels: number | undefined, eps: number) {
    super();
    this.norm1 = new GroupNorm(channels, eps);
    this.conv1 = new TemporalConv(channels, channels);
    if (tembChannels) this.time_emb_proj = new Linear(tembChannels, channels);
    this.norm2 = new GroupNorm(channels, eps);
    this.conv2 = new TemporalConv(channels, channels);
  }

  protected forward(x: Value, temb?: Value): Value {
    const h = this.#layer(this.norm1, this.conv1, x, biasWithTime(this.conv1, this.time_emb_proj, temb));
    return this.#layer(this.norm2, this.conv2, h);
  }

  /** A norm's statistics need all frames and pixels; what follows looks along the frames of one pixel. */
  #layer(norm: GroupNorm, conv: TemporalConv, x: Value, bias?: Value): Value {
    const [, channels, frames] = x.shape as [number, number, number];
    const normed = norm.normalize(x);
    return inParts([[normed, 3]], channels * frames, (part) => conv.call(silu(norm.affine(part)), bias));
  }
}

/** diffusers' AlphaBlender: holds the learned weight of two branches. */
export class AlphaBlender extends Module {
  readonly mix_factor = new Parameter([1]);

  /** sigmoid(mix_factor), [1]. `like` gives graph and dtype. */
  protected forward(like: Value): Value {
    return sigmoid(this.mix_factor.in(like));
  }

  /** 1 - sigmoid(mix_factor), [1]. */
  rest(like: Value): Value {
    return like.graph.scope(this.path, () => sigmoid(neg(this.mix_factor.in(like))));
  }
}

export interface SpatioTemporalOptions extends ResnetOptions {
  readonly temporalEps: number;
  /** Which share of sigmoid(mix_factor) the temporal branch gets: the UNet gives it the rest, the VAE the share itself. */
  readonly temporalShare: 'alpha' | 'rest';
}

/** diffusers' SpatioTemporalResBlock: each frame by itself, then along the frames, blended. */
export class SpatioTemporalResBlock extends Module<[x: Value, temb?: Value, before?: Before]> {
  readonly spatial_res_block: ResnetBlock2D;
  readonly temporal_res_block: TemporalResnetBlock;
  readonly time_mixer = new AlphaBlender();

  constructor(private readonly options: SpatioTemporalOptions) {
    super();
    this.spatial_res_block = new ResnetBlock2D(options);
    this.temporal_res_block = new TemporalResnetBlock(options.outChannels, options.tembChannels, options.temporalEps);
  }

  protected forward(x: Value, temb?: Value, before?: Before): Value {
    const spatial = this.spatial_res_block.call(x, temb, before);
    const [frames, channels, height, width] = spatial.shape as [number, number, number, number];
    const byChannel = transpose(reshape(spatial, [frames, channels, height * width]), [1, 0, 2]);
    const added = this.temporal_res_block.call(reshape(byChannel, [1, channels, frames, height * width]), temb);
    const share = this.options.temporalShare === 'alpha' ? this.time_mixer.call(x) : this.time_mixer.rest(x);
    // The temporal result is spatial + added, so a blend of the two is spatial + share * added.
    return inParts(
      [
        [spatial, 0],
        [added, 2],
      ],
      channels * height * width,
      (part, toAdd) => {
        const byFrame = transpose(reshape(toAdd, [channels, toAdd.shape[2] as number, height * width]), [1, 0, 2]);
        return add(part, mul(reshape(byFrame, part.shape), share));
      },
    );
  }
}

/** diffusers' Downsample2D: half the height and width, rounded up. */
export class Downsample2D extends Module {
  readonly conv: Conv2d;

  /** @param padding the VAE's encoder pads only right and bottom: [0, 0, 1, 1] */
  constructor(channels: number, padding: number | readonly [number, number, number, number] = 1) {
    super();
    this.conv = new Conv2d(channels, channels, { kernel: 3, stride: 2, padding });
  }

  protected forward(x: Value): Value {
    return this.conv.call(x);
  }
}

/** diffusers' Upsample2D: nearest neighbour to the size given, then a convolution. */
export class Upsample2D extends Module<[x: Value, height: number, width: number]> {
  readonly conv: Conv2d;

  constructor(channels: number) {
    super();
    this.conv = new Conv2d(channels, channels, { kernel: 3, padding: 1 });
  }

  protected forward(x: Value, height: number, width: number): Value {
    return this.conv.call(resizeNearest(x, height, width));
  }
}
