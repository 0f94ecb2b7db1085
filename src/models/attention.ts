import { Linear } from '../nn/linear';
import { Module, SKIPPED } from '../nn/module';
import { GroupNorm, LayerNorm } from '../nn/norm';
import { inParts } from '../nn/parts';
import type { Value } from '../onnx/graph';
import { add, concat, gelu, mul, multiHeadAttention, reshape, slice, transpose } from '../onnx/ops';
import { elementCount } from '../tensor/tensor';

/**
 * Attention and feed-forward, after diffusers' models/attention.py. Tokens: x [batch, tokens, channels].
 * `context` is the picture's CLIP embedding, [1, cross-attention channels]: a context of a single token.
 */

export interface AttentionOptions {
  readonly channels: number;
  readonly heads: number;
  /** Channels of the context; x's own unless given. */
  readonly contextChannels?: number;
  /** Whether to_q, to_k and to_v have biases. Default false. */
  readonly bias?: boolean;
}

/** diffusers' Attention. As self-attention: what it adds to x, plus `extra` [channels] where given. */
export class Attention extends Module<[x: Value, extra?: Value]> {
  readonly to_q: Linear;
  readonly to_k: Linear;
  readonly to_v: Linear;
  readonly to_out: readonly [Linear];

  constructor(protected readonly options: AttentionOptions) {
    super();
    const { channels, contextChannels = channels, bias = false } = options;
    this.to_q = new Linear(channels, channels, { bias });
    this.to_k = new Linear(contextChannels, channels, { bias });
    this.to_v = new Linear(contextChannels, channels, { bias });
    this.to_out = [new Linear(channels, channels)];
  }

  protected forward(x: Value, extra?: Value): Value {
    const [toOut] = this.to_out;
    const attended = this.attend(this.to_q.call(x), this.to_k.call(x), this.to_v.call(x));
    return toOut.call(attended, extra && toOut.bias && add(toOut.bias.in(x), extra));
  }

  /** q, k, v [batch, tokens, channels] */
  protected attend(q: Value, k: Value, v: Value): Value {
    return multiHeadAttention(q, k, v, this.options.heads);
  }

  /**
   * As cross-attention to a context of one token: the softmax over one score is 1, so every query receives the same
   * vector, to_out(to_v(context)) [channels], whatever it is. The norm before it, to_q and to_k are never read.
   */
  toOneToken(context: Value): Value {
    return context.graph.scope(this.path, () =>
      reshape(this.to_out[0].call(this.to_v.call(context)), [this.options.channels]),
    );
  }
}

/** The attention of the VAE's mid blocks: one head over a frame's pixels, its own norm before it, x added after. */
export class PixelAttention extends Attention {
  readonly group_norm: GroupNorm;

  constructor(channels: number) {
    super({ channels, heads: 1, bias: true });
    this.group_norm = new GroupNorm(channels, 1e-6);
  }

  /** x [frames, channels, height, width] */
  protected override forward(x: Value): Value {
    const [frames, channels, height, width] = x.shape as [number, number, number, number];
    const attended = Array.from({ length: frames }, (_, frame) => {
      const one = slice(x, 0, frame, 1);
      const tokens = transpose(reshape(this.group_norm.call(one), [1, channels, height * width]), [0, 2, 1]);
      return add(one, reshape(transpose(super.forward(tokens), [0, 2, 1]), one.shape));
    });
    return concat(attended, 0);
  }

  /** Some queries at a time: for a head as wide as this ONNX Runtime keeps a result for every 64 of a query's scores. */
  protected override attend(q: Value, k: Value, v: Value): Value {
    const [, tokens, channels] = k.shape as [number, number, number];
    return inParts([[q, 1]], channels * Math.ceil(tokens / 64), (queries) => super.attend(queries, k, v));
  }
}

/** diffusers' GEGLU: the first half of the features times the GELU of the second. */
export class GEGLU extends Module {
  readonly proj: Linear;

  constructor(
    channels: number,
    private readonly inner: number,
  ) {
    super();
    this.proj = new Linear(channels, 2 * inner);
  }

  protected forward(x: Value): Value {
    // Two Gemms over halves of one weight: no tensor of both halves, and no Split of it.
    const value = this.proj.features(x, 0, this.inner);
    const gate = this.proj.features(x, this.inner, this.inner);
    return mul(value, gelu(gate));
  }
}

/** diffusers' FeedForward with GEGLU and inner width 4 * channels. */
export class FeedForward extends Module {
  readonly net: readonly [GEGLU, typeof SKIPPED, Linear];

  constructor(private readonly channels: number) {
    super();
    this.net = [new GEGLU(channels, 4 * channels), SKIPPED, new Linear(4 * channels, channels)];
  }

  protected forward(x: Value): Value {
    const [geglu, , linear] = this.net;
    const tokens = reshape(x, [elementCount(x.shape) / this.channels, this.channels]);
    return reshape(
      inParts([[tokens, 0]], 4 * this.channels, (part) => linear.call(geglu.call(part))),
      x.shape,
    );
  }
}

/**
 * diffusers' BasicTransformerBlock: attention among the pixels of a frame. x [frames, pixels, channels]; `attended` [channels] is
 * what `attn2.toOneToken` makes of the context, once for all x.
 */
export class BasicTransformerBlock extends Module<[x: Value, attended: Value]> {
  readonly norm1: LayerNorm;
  readonly attn1: Attention;
  readonly norm2: LayerNorm;
  readonly attn2: Attention;
  readonly norm3: LayerNorm;
  readonly ff: FeedForward;

  constructor(channels: number, heads: number, contextChannels: number) {
    super();
    this.norm1 = new LayerNorm(channels);
    this.attn1 = new Attention({ channels, heads });
    this.norm2 = new LayerNorm(channels);
    this.attn2 = new Attention({ channels, heads, contextChannels });
    this.norm3 = new LayerNorm(channels);
    this.ff = new FeedForward(channels);
  }

  protected forward(input: Value, attended: Value): Value {
    const x = add(input, this.attn1.call(this.norm1.call(input), attended));
    return add(x, this.ff.call(this.norm3.call(x)));
  }
}

/**
 * diffusers' TemporalBasicTransformerBlock: a feed-forward of its own, then the same among the frames of a pixel.
 * x [pixels, frames, channels]
 */
export class TemporalBasicTransformerBlock extends BasicTransformerBlock {
  readonly norm_in: LayerNorm;
  readonly ff_in: FeedForward;

  constructor(channels: number, heads: number, contextChannels: number) {
    super(channels, heads, contextChannels);
    this.norm_in = new LayerNorm(channels);
    this.ff_in = new FeedForward(channels);
  }

  protected override forward(x: Value, attended: Value): Value {
    return super.forward(add(x, this.ff_in.call(this.norm_in.call(x))), attended);
  }
}
