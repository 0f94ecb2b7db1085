import { Conv2d, TemporalConv } from '../nn/conv';
import { Module } from '../nn/module';
import { GroupNorm } from '../nn/norm';
import { inParts } from '../nn/parts';
import type { Value } from '../onnx/graph';
import { cast, reshape, silu, split, transpose } from '../onnx/ops';
import { elementCount } from '../tensor/tensor';
import { PixelAttention } from './attention';
import type { VaeConfig } from './config';
import { type Before, Downsample2D, ResnetBlock2D, SpatioTemporalResBlock, Upsample2D } from './resnet';

/**
 * SVD's autoencoder, after diffusers' models/autoencoders/autoencoder_kl_temporal_decoder.py: Stable Diffusion's encoder for
 * pictures, and a decoder that looks along the frames.
 */

const EPS = 1e-6;

const resnet = (inChannels: number, outChannels: number) => new ResnetBlock2D({ inChannels, outChannels, eps: EPS });

const temporalResnet = (inChannels: number, outChannels: number) =>
  new SpatioTemporalResBlock({ inChannels, outChannels, eps: EPS, temporalEps: 1e-5, temporalShare: 'alpha' });

class DownEncoderBlock2D extends Module {
  readonly resnets: readonly ResnetBlock2D[];
  readonly downsamplers: readonly Downsample2D[];

  constructor(inChannels: number, outChannels: number, layers: number, downsample: boolean) {
    super();
    this.resnets = Array.from({ length: layers }, (_, i) => resnet(i ? outChannels : inChannels, outChannels));
    this.downsamplers = downsample ? [new Downsample2D(outChannels, [0, 0, 1, 1])] : [];
  }

  protected forward(input: Value): Value {
    let x = input;
    for (const layer of [...this.resnets, ...this.downsamplers]) x = layer.call(x);
    return x;
  }
}

class EncoderMidBlock extends Module {
  readonly attentions: readonly [PixelAttention];
  readonly resnets: readonly [ResnetBlock2D, ResnetBlock2D];

  constructor(channels: number) {
    super();
    this.attentions = [new PixelAttention(channels)];
    this.resnets = [resnet(channels, channels), resnet(channels, channels)];
  }

  protected forward(x: Value): Value {
    return this.resnets[1].call(this.attentions[0].call(this.resnets[0].call(x)));
  }
}

class Encoder extends Module {
  readonly conv_in: Conv2d;
  readonly down_blocks: readonly DownEncoderBlock2D[];
  readonly mid_block: EncoderMidBlock;
  readonly conv_norm_out: GroupNorm;
  readonly conv_out: Conv2d;

  constructor({ in_channels, block_out_channels: widths, layers_per_block, latent_channels }: VaeConfig) {
    super();
    const [first] = widths as [number];
    const deepest = widths.at(-1) as number;
    this.conv_in = new Conv2d(in_channels, first, { kernel: 3, padding: 1 });
    this.down_blocks = widths.map(
      (width, i) => new DownEncoderBlock2D(widths[i - 1] ?? width, width, layers_per_block, i < widths.length - 1),
    );
    this.mid_block = new EncoderMidBlock(deepest);
    this.conv_norm_out = new GroupNorm(deepest, EPS);
    this.conv_out = new Conv2d(deepest, 2 * latent_channels, { kernel: 3, padding: 1 });
  }

  protected forward(image: Value): Value {
    let x = this.conv_in.call(image);
    for (const block of this.down_blocks) x = block.call(x);
    x = this.mid_block.call(x);
    return this.conv_out.call(silu(this.conv_norm_out.call(x)));
  }
}

class MidBlockTemporalDecoder extends Module {
  readonly attentions: readonly [PixelAttention];
  readonly resnets: readonly SpatioTemporalResBlock[];

  constructor(channels: number, layers: number) {
    super();
    this.attentions = [new PixelAttention(channels)];
    this.resnets = Array.from({ length: layers }, () => temporalResnet(channels, channels));
  }

  protected forward(input: Value): Value {
    const [first, second, ...rest] = this.resnets as [SpatioTemporalResBlock, ...SpatioTemporalResBlock[]];
    const x = first.call(input);
    // A mid block of one layer stores its attention and never runs it; of more, runs it before the second and no other.
    if (!second) return x;
    return rest.reduce((y, layer) => layer.call(y), second.call(this.attentions[0].call(x)));
  }
}

/** Its upsampler is the first thing that the next block does, as `upsample`. */
class UpBlockTemporalDecoder extends Module<[x: Value, upsample: Before['upsample']]> {
  readonly resnets: readonly SpatioTemporalResBlock[];
  readonly upsamplers: readonly Upsample2D[];

  constructor(inChannels: number, outChannels: number, layers: number, upsample: boolean) {
    super();
    this.resnets = Array.from({ length: layers }, (_, i) => temporalResnet(i ? outChannels : inChannels, outChannels));
    this.upsamplers = upsample ? [new Upsample2D(outChannels)] : [];
  }

  protected forward(input: Value, upsample: Before['upsample']): Value {
    return this.resnets.reduce((x, layer, i) => layer.call(x, undefined, i === 0 ? { upsample } : undefined), input);
  }

  /** To twice the size of this block's x. */
  upsample({ shape }: Value): Before['upsample'] {
    const [sampler] = this.upsamplers;
    const [, , height, width] = shape as [number, number, number, number];
    return sampler && { sampler, height: 2 * height, width: 2 * width };
  }
}

class TemporalDecoder extends Module {
  readonly conv_in: Conv2d;
  readonly mid_block: MidBlockTemporalDecoder;
  readonly up_blocks: readonly UpBlockTemporalDecoder[];
  readonly conv_norm_out: GroupNorm;
  readonly conv_out: Conv2d;
  readonly time_conv_out: TemporalConv;

  constructor({ out_channels, block_out_channels, layers_per_block, latent_channels }: VaeConfig) {
    super();
    const widths = [...block_out_channels].reverse();
    const [deepest] = widths as [number];
    const first = widths.at(-1) as number;
    this.conv_in = new Conv2d(latent_channels, deepest, { kernel: 3, padding: 1 });
    this.mid_block = new MidBlockTemporalDecoder(deepest, layers_per_block);
    this.up_blocks = widths.map(
      (width, i) =>
        new UpBlockTemporalDecoder(widths[i - 1] ?? width, width, layers_per_block + 1, i < widths.length - 1),
    );
    this.conv_norm_out = new GroupNorm(first, EPS);
    this.conv_out = new Conv2d(first, out_channels, { kernel: 3, padding: 1 });
    this.time_conv_out = new TemporalConv(out_channels, out_channels);
  }

  protected forward(z: Value): Value {
    let x = this.mid_block.call(this.conv_in.call(z));
    let upsample: Before['upsample'];
    for (const block of this.up_blocks) {
      x = block.call(x, upsample);
      upsample = block.upsample(x);
    }
    const [, ...frame] = x.shape;
    x = inParts([[x, 0]], elementCount(frame), (part) => {
      // One island, if it is one: nothing is rounded inside it.
      const last = part.graph.inFloat32(this.conv_out.path) ? cast(part, 'float32') : part;
      return this.conv_out.call(silu(this.conv_norm_out.call(last)));
    });
    const [frames, channels, height, width] = x.shape as [number, number, number, number];
    const byChannel = transpose(reshape(x, [frames, channels, height * width]), [1, 0, 2]);
    const blended = this.time_conv_out.call(reshape(byChannel, [1, channels, frames, height * width]));
    return reshape(transpose(reshape(blended, [channels, frames, height * width]), [1, 0, 2]), x.shape);
  }
}

/** diffusers' AutoencoderKLTemporalDecoder. Inputs and results are float32, whatever `dtype` the network computes in. */
export class AutoencoderKLTemporalDecoder {
  readonly encoder: Encoder;
  readonly decoder: TemporalDecoder;
  readonly quant_conv: Conv2d;

  constructor(private readonly config: VaeConfig) {
    this.encoder = new Encoder(config);
    this.decoder = new TemporalDecoder(config);
    this.quant_conv = new Conv2d(2 * config.latent_channels, 2 * config.latent_channels, { kernel: 1 });
  }

  /**
   * image [1, 3, height, width], pixels -1..1 -> the mode of the posterior, [1, latent_channels, height / factor,
   * width / factor], not scaled.
   */
  encode(image: Value, dtype: 'float32' | 'float16'): Value {
    const moments = this.quant_conv.call(this.encoder.call(cast(image, dtype)));
    const [mean] = split(moments, [this.config.latent_channels, this.config.latent_channels], 1) as [Value, Value];
    return cast(mean, 'float32');
  }

  /** z [frames, latent_channels, h, w], latents divided by scaling_factor -> [frames, 3, height, width], about -1..1. */
  decode(z: Value, dtype: 'float32' | 'float16'): Value {
    return cast(this.decoder.call(cast(z, dtype)), 'float32');
  }
}

/** Pixels a latent stands for, along each side: 2 for every level but the last. */
export const vaeFactor = ({ block_out_channels }: VaeConfig): number => 2 ** (block_out_channels.length - 1);
