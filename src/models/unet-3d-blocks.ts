import { Module } from '../nn/module';
import type { Value } from '../onnx/graph';
import { type Before, Downsample2D, SpatioTemporalResBlock, Upsample2D } from './resnet';
import { TransformerSpatioTemporalModel } from './transformer-temporal';

/**
 * The levels of SVD's UNet, after diffusers' models/unets/unet_3d_blocks.py. x [frames, channels, height, width]; `temb`
 * the time embedding after SiLU; `context` [1, cross-attention channels]; skips are the down path's outputs, which the up
 * path takes back from the end.
 */

export interface LevelOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly tembChannels: number;
  /** Residual blocks of the level. */
  readonly layers: number;
  /** Whether a down or up sampler ends the level. */
  readonly resample: boolean;
  /** Left out on levels without transformers. */
  readonly transformer?: TransformerShape | undefined;
}

/** The transformers of a level, all of one shape. */
export interface TransformerShape {
  readonly heads: number;
  readonly contextChannels: number;
  readonly layers: number;
}

function resBlock(inChannels: number, outChannels: number, tembChannels: number, eps: number): SpatioTemporalResBlock {
  return new SpatioTemporalResBlock({
    inChannels,
    outChannels,
    tembChannels,
    eps,
    temporalEps: eps,
    temporalShare: 'rest',
  });
}

/** DownBlockSpatioTemporal and, with transformers, CrossAttnDownBlockSpatioTemporal. Returns x and this level's skips. */
export class DownBlockSpatioTemporal extends Module<[x: Value, temb: Value, context: Value], [Value, Value[]]> {
  readonly resnets: readonly SpatioTemporalResBlock[];
  readonly attentions: readonly TransformerSpatioTemporalModel[];
  readonly downsamplers: readonly Downsample2D[];

  constructor({ inChannels, outChannels, tembChannels, layers, resample, transformer }: LevelOptions) {
    super();
    // The reference's two classes differ in this number.
    const eps = transformer ? 1e-6 : 1e-5;
    this.resnets = Array.from({ length: layers }, (_, i) =>
      resBlock(i ? outChannels : inChannels, outChannels, tembChannels, eps),
    );
    this.attentions = transformers(transformer, outChannels, layers);
    this.downsamplers = resample ? [new Downsample2D(outChannels)] : [];
  }

  protected forward(input: Value, temb: Value, context: Value): [Value, Value[]] {
    let x = input;
    const skips: Value[] = [];
    this.resnets.forEach((resnet, i) => {
      x = resnet.call(x, temb);
      x = this.attentions[i]?.call(x, context) ?? x;
      skips.push(x);
    });
    for (const downsampler of this.downsamplers) {
      x = downsampler.call(x);
      skips.push(x);
    }
    return [x, skips];
  }
}

/** UNetMidBlockSpatioTemporal: residual block, transformer, residual block. */
export class UNetMidBlockSpatioTemporal extends Module<[x: Value, temb: Value, context: Value]> {
  readonly resnets: readonly [SpatioTemporalResBlock, SpatioTemporalResBlock];
  readonly attentions: readonly [TransformerSpatioTemporalModel];

  constructor(channels: number, tembChannels: number, transformer: TransformerShape) {
    super();
    const make = () => resBlock(channels, channels, tembChannels, 1e-5);
    this.resnets = [make(), make()];
    this.attentions = [new TransformerSpatioTemporalModel({ channels, ...transformer })];
  }

  protected forward(x: Value, temb: Value, context: Value): Value {
    const [first, second] = this.resnets;
    return second.call(this.attentions[0].call(first.call(x, temb), context), temb);
  }
}

export interface UpLevelOptions extends LevelOptions {
  /** Channels of the skips, in the order in which the level takes them. */
  readonly skipChannels: readonly number[];
}

/**
 * UpBlockSpatioTemporal and, with transformers, CrossAttnUpBlockSpatioTemporal. Takes its skips from the end of `skips`. Its own
 * upsampler is the first thing that the next block does, as `upsample`.
 */
export class UpBlockSpatioTemporal extends Module<
  [x: Value, temb: Value, context: Value, skips: Value[], upsample?: Before['upsample']]
> {
  readonly resnets: readonly SpatioTemporalResBlock[];
  readonly attentions: readonly TransformerSpatioTemporalModel[];
  readonly upsamplers: readonly Upsample2D[];

  constructor({
    inChannels,
    outChannels,
    tembChannels,
    resample,
    transformer,
    skipChannels,
  }: Omit<UpLevelOptions, 'layers'>) {
    super();
    this.resnets = skipChannels.map((skip, i) =>
      resBlock((i ? outChannels : inChannels) + skip, outChannels, tembChannels, 1e-6),
    );
    this.attentions = transformers(transformer, outChannels, skipChannels.length);
    this.upsamplers = resample ? [new Upsample2D(outChannels)] : [];
  }

  protected forward(input: Value, temb: Value, context: Value, skips: Value[], upsample: Before['upsample']): Value {
    let x = input;
    this.resnets.forEach((resnet, i) => {
      x = resnet.call(x, temb, { skip: skips.pop() as Value, ...(i === 0 && { upsample }) });
      x = this.attentions[i]?.call(x, context) ?? x;
    });
    return x;
  }

  /** This block's upsampler, to the size of the next skip: not twice its own where a side was odd on the way down. */
  upsample(skips: readonly Value[]): Before['upsample'] {
    const [sampler] = this.upsamplers;
    const next = skips.at(-1);
    if (!sampler || !next) return undefined;
    const [, , height, width] = next.shape as [number, number, number, number];
    return { sampler, height, width };
  }
}

function transformers(
  shape: TransformerShape | undefined,
  channels: number,
  count: number,
): TransformerSpatioTemporalModel[] {
  return shape ? Array.from({ length: count }, () => new TransformerSpatioTemporalModel({ channels, ...shape })) : [];
}
