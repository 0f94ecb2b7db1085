import { Conv2d } from '../nn/conv';
import { Linear } from '../nn/linear';
import { Module, Parameter } from '../nn/module';
import { LayerNorm } from '../nn/norm';
import type { Value } from '../onnx/graph';
import { add, cast, concat, gelu, multiHeadAttention, quickGelu, reshape, split, transpose } from '../onnx/ops';
import type { ClipVisionConfig } from './config';

/** CLIP's image encoder, after transformers' models/clip/modeling_clip.py. Tokens: x [1, tokens, hidden_size]. */

class CLIPAttention extends Module {
  readonly k_proj: Linear;
  readonly v_proj: Linear;
  readonly q_proj: Linear;
  readonly out_proj: Linear;

  constructor(
    channels: number,
    private readonly heads: number,
  ) {
    super();
    this.k_proj = new Linear(channels, channels);
    this.v_proj = new Linear(channels, channels);
    this.q_proj = new Linear(channels, channels);
    this.out_proj = new Linear(channels, channels);
  }

  protected forward(x: Value): Value {
    return this.out_proj.call(
      multiHeadAttention(this.q_proj.call(x), this.k_proj.call(x), this.v_proj.call(x), this.heads),
    );
  }
}

class CLIPMLP extends Module {
  readonly fc1: Linear;
  readonly fc2: Linear;
  readonly #activation: (x: Value) => Value;

  constructor({ hidden_size, intermediate_size, hidden_act }: ClipVisionConfig) {
    super();
    this.fc1 = new Linear(hidden_size, intermediate_size);
    this.fc2 = new Linear(intermediate_size, hidden_size);
    this.#activation = hidden_act === 'gelu' ? gelu : quickGelu;
  }

  protected forward(x: Value): Value {
    return this.fc2.call(this.#activation(this.fc1.call(x)));
  }
}

class CLIPEncoderLayer extends Module {
  readonly self_attn: CLIPAttention;
  readonly layer_norm1: LayerNorm;
  readonly mlp: CLIPMLP;
  readonly layer_norm2: LayerNorm;

  constructor(config: ClipVisionConfig) {
    super();
    this.self_attn = new CLIPAttention(config.hidden_size, config.num_attention_heads);
    this.layer_norm1 = new LayerNorm(config.hidden_size, config.layer_norm_eps);
    this.mlp = new CLIPMLP(config);
    this.layer_norm2 = new LayerNorm(config.hidden_size, config.layer_norm_eps);
  }

  protected forward(input: Value): Value {
    const x = add(input, this.self_attn.call(this.layer_norm1.call(input)));
    return add(x, this.mlp.call(this.layer_norm2.call(x)));
  }
}

class CLIPEncoder extends Module {
  readonly layers: readonly CLIPEncoderLayer[];

  constructor(config: ClipVisionConfig) {
    super();
    this.layers = Array.from({ length: config.num_hidden_layers }, () => new CLIPEncoderLayer(config));
  }

  protected forward(x: Value): Value {
    return this.layers.reduce((h, layer) => layer.call(h), x);
  }
}

class PositionEmbedding extends Module {
  readonly weight: Parameter;

  constructor(tokens: number, channels: number) {
    super();
    this.weight = new Parameter([tokens, channels]);
  }

  protected forward(x: Value): Value {
    return add(x, this.weight.in(x));
  }
}

class CLIPVisionEmbeddings extends Module {
  readonly class_embedding: Parameter;
  readonly patch_embedding: Conv2d;
  readonly position_embedding: PositionEmbedding;

  constructor({ hidden_size, patch_size, image_size, num_channels }: ClipVisionConfig) {
    super();
    this.class_embedding = new Parameter([hidden_size]);
    this.patch_embedding = new Conv2d(num_channels, hidden_size, {
      kernel: patch_size,
      stride: patch_size,
      bias: false,
    });
    this.position_embedding = new PositionEmbedding(Math.floor(image_size / patch_size) ** 2 + 1, hidden_size);
  }

  /** pixel_values [1, 3, image_size, image_size] -> [1, 1 + patches, hidden_size]: the class token, then patches row by row. */
  protected forward(pixelValues: Value): Value {
    const patches = this.patch_embedding.call(pixelValues);
    const [, channels, rows, columns] = patches.shape as [number, number, number, number];
    const tokens = transpose(reshape(patches, [1, channels, rows * columns]), [0, 2, 1]);
    return this.position_embedding.call(
      concat([this.class_embedding.in(tokens, { shape: [1, 1, channels] }), tokens], 1),
    );
  }
}

class CLIPVisionTransformer extends Module {
  readonly embeddings: CLIPVisionEmbeddings;
  /** The misspelling is the checkpoint's. */
  readonly pre_layrnorm: LayerNorm;
  readonly encoder: CLIPEncoder;
  readonly post_layernorm: LayerNorm;

  constructor(config: ClipVisionConfig) {
    super();
    this.embeddings = new CLIPVisionEmbeddings(config);
    this.pre_layrnorm = new LayerNorm(config.hidden_size, config.layer_norm_eps);
    this.encoder = new CLIPEncoder(config);
    this.post_layernorm = new LayerNorm(config.hidden_size, config.layer_norm_eps);
  }

  /** The class token after the last layer, [1, hidden_size]. */
  protected forward(pixelValues: Value): Value {
    const x = this.encoder.call(this.pre_layrnorm.call(this.embeddings.call(pixelValues)));
    const [, tokens, channels] = x.shape as [number, number, number];
    const [classToken] = split(x, [1, tokens - 1], 1) as [Value, Value];
    return this.post_layernorm.call(reshape(classToken, [1, channels]));
  }
}

/** transformers' CLIPVisionModelWithProjection. */
export class CLIPVisionModelWithProjection extends Module<[pixelValues: Value, dtype: 'float32' | 'float16']> {
  readonly vision_model: CLIPVisionTransformer;
  readonly visual_projection: Linear;

  constructor(config: ClipVisionConfig) {
    super();
    this.vision_model = new CLIPVisionTransformer(config);
    this.visual_projection = new Linear(config.hidden_size, config.projection_dim, { bias: false });
  }

  /** pixel_values [1, 3, image_size, image_size] -> image_embeds [1, projection_dim], not normalised, float32. */
  protected forward(pixelValues: Value, dtype: 'float32' | 'float16'): Value {
    return cast(this.visual_projection.call(this.vision_model.call(cast(pixelValues, dtype))), 'float32');
  }
}
