"""The Stable Video Diffusion networks in plain PyTorch, small enough to read.

Parameter names, config keys and numerics follow diffusers
(`UNetSpatioTemporalConditionModel`, `AutoencoderKLTemporalDecoder`) and transformers
(`CLIPVisionModelWithProjection`), so a checkpoint saved here is a diffusers repo and the other way round.

Shapes: B clips, F frames, C channels, H x W positions.  Frames travel as (B*F, C, H, W).
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


# ------------------------------------------------------------------ small parts

def sinusoid(t, dim):
    """(N,) numbers -> (N, dim) [cos | sin] features, periods 2*pi .. 2*pi*10000."""
    freq = torch.exp(-math.log(10000.0) * torch.arange(dim // 2, device=t.device, dtype=torch.float32) / (dim // 2))
    arg = t.float()[:, None] * freq
    return torch.cat([arg.cos(), arg.sin()], 1)


class TimestepEmbedding(nn.Module):
    def __init__(self, dim_in, dim, dim_out=None):
        super().__init__()
        self.linear_1 = nn.Linear(dim_in, dim)
        self.linear_2 = nn.Linear(dim, dim_out or dim)

    def forward(self, x):
        return self.linear_2(F.silu(self.linear_1(x)))


def group_norm(channels, eps):
    return nn.GroupNorm(32, channels, eps=eps)


class Attention(nn.Module):
    """Multi-head attention on (N, L, C) tokens; `context` (N, M, K) for cross attention."""

    def __init__(self, dim, heads, context_dim=None, bias=False, group_norm_eps=None):
        super().__init__()
        self.heads = heads
        if group_norm_eps is not None:
            self.group_norm = group_norm(dim, group_norm_eps)
        self.to_q = nn.Linear(dim, dim, bias=bias)
        self.to_k = nn.Linear(context_dim or dim, dim, bias=bias)
        self.to_v = nn.Linear(context_dim or dim, dim, bias=bias)
        self.to_out = nn.ModuleList([nn.Linear(dim, dim)])

    def forward(self, x, context=None):
        context = x if context is None else context
        if context.shape[1] == 1:                  # softmax over one key is 1: the answer is the value itself
            return self.to_out[0](self.to_v(context)).expand(-1, x.shape[1], -1)
        n, length, dim = x.shape
        q, k, v = (f(y).view(n, -1, self.heads, dim // self.heads).transpose(1, 2)
                   for f, y in ((self.to_q, x), (self.to_k, context), (self.to_v, context)))
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v)
        else:
            y = (q @ k.transpose(-1, -2) * (dim // self.heads) ** -0.5).softmax(-1) @ v
        return self.to_out[0](y.transpose(1, 2).reshape(n, length, dim))


class ImageAttention(Attention):
    """The VAE's single-head self-attention over the H*W positions of one frame, with its residual."""

    def __init__(self, dim):
        super().__init__(dim, 1, bias=True, group_norm_eps=1e-6)

    def forward(self, x):
        n, c, h, w = x.shape
        y = super().forward(self.group_norm(x).flatten(2).transpose(1, 2))
        return x + y.transpose(1, 2).reshape(n, c, h, w)


class GEGLU(nn.Module):
    def __init__(self, dim, inner):
        super().__init__()
        self.proj = nn.Linear(dim, inner * 2)

    def forward(self, x):
        value, gate = self.proj(x).chunk(2, -1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.net = nn.ModuleList([GEGLU(dim, 4 * dim), nn.Identity(), nn.Linear(4 * dim, dim)])

    def forward(self, x):
        return self.net[2](self.net[0](x))


# ------------------------------------------------------------------ convolutional blocks

class ResBlock(nn.Module):
    """One frame at a time: GroupNorm, SiLU, 3x3 conv, twice, plus a residual."""

    def __init__(self, cin, cout, temb, eps):
        super().__init__()
        self.norm1 = group_norm(cin, eps)
        self.conv1 = nn.Conv2d(cin, cout, 3, padding=1)
        if temb:
            self.time_emb_proj = nn.Linear(temb, cout)
        self.norm2 = group_norm(cout, eps)
        self.conv2 = nn.Conv2d(cout, cout, 3, padding=1)
        if cin != cout:
            self.conv_shortcut = nn.Conv2d(cin, cout, 1)

    def forward(self, x, temb=None):
        h = self.conv1(F.silu(self.norm1(x)))
        if temb is not None:
            h = h + self.time_emb_proj(F.silu(temb))[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x) + h


class TemporalResBlock(nn.Module):
    """The same along time: 3x1x1 convs on (B, C, F, H, W)."""

    def __init__(self, c, temb, eps):
        super().__init__()
        self.norm1 = group_norm(c, eps)
        self.conv1 = nn.Conv3d(c, c, (3, 1, 1), padding=(1, 0, 0))
        if temb:
            self.time_emb_proj = nn.Linear(temb, c)
        self.norm2 = group_norm(c, eps)
        self.conv2 = nn.Conv3d(c, c, (3, 1, 1), padding=(1, 0, 0))

    def forward(self, x, temb=None):
        h = self.conv1(F.silu(self.norm1(x)))
        if temb is not None:                       # (B, F, T) -> (B, C, F, 1, 1)
            h = h + self.time_emb_proj(F.silu(temb)).transpose(1, 2)[..., None, None]
        return x + self.conv2(F.silu(self.norm2(h)))


class TimeMixer(nn.Module):
    """Blend of the spatial and the temporal branch; `factor` is the logit of the spatial share."""

    def __init__(self, factor, switch=False):
        super().__init__()
        self.mix_factor = nn.Parameter(torch.tensor([factor]))
        self.switch = switch

    def forward(self, spatial, temporal):
        share = torch.sigmoid(-self.mix_factor if self.switch else self.mix_factor).to(spatial.dtype)
        return share * spatial + (1 - share) * temporal


class STResBlock(nn.Module):
    """Spatial residual block, then a temporal one, blended."""

    def __init__(self, cin, cout, temb, eps, temporal_eps=None, factor=0.5, switch=False):
        super().__init__()
        self.spatial_res_block = ResBlock(cin, cout, temb, eps)
        self.temporal_res_block = TemporalResBlock(cout, temb, temporal_eps or eps)
        self.time_mixer = TimeMixer(factor, switch)

    def forward(self, x, frames, temb=None):
        x = self.spatial_res_block(x, temb)
        if frames == 0:                            # training on single images: the spatial half alone
            return x
        n, c, h, w = x.shape
        v = x.view(n // frames, frames, c, h, w).transpose(1, 2)
        if temb is not None:
            temb = temb.view(n // frames, frames, -1)
        v = self.time_mixer(v, self.temporal_res_block(v.contiguous(), temb))
        return v.transpose(1, 2).reshape(n, c, h, w)


class Downsample(nn.Module):
    def __init__(self, c, padding):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, stride=2, padding=padding)

    def forward(self, x):
        return self.conv(x if self.conv.padding[0] else F.pad(x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x, size=None):
        size = size or (x.shape[2] * 2, x.shape[3] * 2)
        return self.conv(F.interpolate(x, size=size, mode="nearest"))


# ------------------------------------------------------------------ transformers

class SpatialBlock(nn.Module):
    def __init__(self, dim, heads, context_dim):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn1 = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim)
        self.attn2 = Attention(dim, heads, context_dim)
        self.norm3 = nn.LayerNorm(dim)
        self.ff = FeedForward(dim)

    def forward(self, x, context):
        x = x + self.attn1(self.norm1(x))
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ff(self.norm3(x))


class TemporalBlock(SpatialBlock):
    def __init__(self, dim, heads, context_dim):
        super().__init__(dim, heads, context_dim)
        self.norm_in = nn.LayerNorm(dim)
        self.ff_in = FeedForward(dim)

    def forward(self, x, context):
        return super().forward(x + self.ff_in(self.norm_in(x)), context)


class STTransformer(nn.Module):
    """Attention over the positions of each frame, then over the frames at each position, blended."""

    def __init__(self, dim, heads, context_dim):
        super().__init__()
        self.norm = group_norm(dim, 1e-6)
        self.proj_in = nn.Linear(dim, dim)
        self.transformer_blocks = nn.ModuleList([SpatialBlock(dim, heads, context_dim)])
        self.temporal_transformer_blocks = nn.ModuleList([TemporalBlock(dim, heads, context_dim)])
        self.time_pos_embed = TimestepEmbedding(dim, 4 * dim, dim)
        self.time_mixer = TimeMixer(0.5)
        self.proj_out = nn.Linear(dim, dim)

    def forward(self, x, frames, context):
        n, c, h, w = x.shape
        b, s = n // frames, h * w
        y = self.proj_in(self.norm(x).flatten(2).transpose(1, 2))             # (B*F, S, C)
        pos = self.time_pos_embed(sinusoid(torch.arange(frames, device=x.device), c).to(y.dtype))
        for spatial, temporal in zip(self.transformer_blocks, self.temporal_transformer_blocks):
            y = spatial(y, context)
            t = (y.view(b, frames, s, c) + pos[:, None]).transpose(1, 2).reshape(b * s, frames, c)
            t = temporal(t, context.view(b, frames, -1, context.shape[-1])[:, 0].repeat_interleave(s, 0))
            y = self.time_mixer(y, t.view(b, s, frames, c).transpose(1, 2).reshape(n, s, c))
        return x + self.proj_out(y).transpose(1, 2).reshape(n, c, h, w)


# ------------------------------------------------------------------ UNet

class Stage(nn.Module):
    """One level of the UNet, down or up: residual blocks, each followed by a transformer where `heads` > 0."""

    def __init__(self, channels_in, c, temb, heads, context_dim, eps):
        super().__init__()
        if heads:
            self.attentions = nn.ModuleList([STTransformer(c, heads, context_dim) for _ in channels_in])
        self.resnets = nn.ModuleList([STResBlock(cin, c, temb, eps) for cin in channels_in])

    def step(self, i, x, frames, temb, context):
        x = self.resnets[i](x, frames, temb)
        return self.attentions[i](x, frames, context) if hasattr(self, "attentions") else x


class UNet(nn.Module):
    """`UNetSpatioTemporalConditionModel`: the denoiser."""

    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        ch, depth, heads = cfg["block_out_channels"], cfg["layers_per_block"], cfg["num_attention_heads"]
        ctx, temb = cfg["cross_attention_dim"], cfg["block_out_channels"][0] * 4
        cross = ["CrossAttn" in t for t in cfg["down_block_types"]]
        self.conv_in = nn.Conv2d(cfg["in_channels"], ch[0], 3, padding=1)
        self.time_embedding = TimestepEmbedding(ch[0], temb)
        self.add_embedding = TimestepEmbedding(cfg["projection_class_embeddings_input_dim"], temb)
        self.down_blocks, self.up_blocks = nn.ModuleList(), nn.ModuleList()
        cross_up = ["CrossAttn" in t for t in cfg["up_block_types"]][::-1]
        skips = [ch[0]]
        for i, c in enumerate(ch):
            block = Stage([ch[max(i - 1, 0)]] + [c] * (depth - 1), c, temb, heads[i] * cross[i], ctx,
                          1e-6 if cross[i] else 1e-5)
            skips += [c] * depth
            if i < len(ch) - 1:
                block.downsamplers = nn.ModuleList([Downsample(c, 1)])
                skips.append(c)
            self.down_blocks.append(block)
        self.mid_block = Stage([ch[-1]], ch[-1], temb, heads[-1], ctx, 1e-5)
        self.mid_block.resnets.append(STResBlock(ch[-1], ch[-1], temb, 1e-5))
        c_prev = ch[-1]
        for i in reversed(range(len(ch))):
            cins = [(c_prev if k == 0 else ch[i]) + skips.pop() for k in range(depth + 1)]
            block = Stage(cins, ch[i], temb, heads[i] * cross_up[i], ctx, 1e-6)
            if i:
                block.upsamplers = nn.ModuleList([Upsample(ch[i])])
            self.up_blocks.append(block)
            c_prev = ch[i]
        self.conv_norm_out = group_norm(ch[0], 1e-5)
        self.conv_out = nn.Conv2d(ch[0], cfg["out_channels"], 3, padding=1)

    def forward(self, x, timestep, context, time_ids, levels=None):
        """x (B, F, 2C, h, w) noisy + conditioning latents; timestep (B,) = ln(sigma)/4; context (B, M, K);
        time_ids (B, 3) = fps - 1, motion bucket, augmentation strength.  Returns the v-prediction (B, F, C, h, w),
        or, if `levels` is given, the features after that many up blocks, (B, F, channels, ...), not enlarged."""
        b, f = x.shape[:2]
        temb = self.time_embedding(sinusoid(timestep.expand(b), self.cfg["block_out_channels"][0]).to(x.dtype))
        ids = sinusoid(time_ids.flatten(), self.cfg["addition_time_embed_dim"]).view(b, -1).to(x.dtype)
        temb = (temb + self.add_embedding(ids)).repeat_interleave(f, 0)
        context = context.repeat_interleave(f, 0)
        x = self.conv_in(x.flatten(0, 1))
        skips = [x]
        for block in self.down_blocks:
            for i in range(len(block.resnets)):
                x = block.step(i, x, f, temb, context)
                skips.append(x)
            if hasattr(block, "downsamplers"):
                x = block.downsamplers[0](x)
                skips.append(x)
        x = self.mid_block.step(0, x, f, temb, context)
        x = self.mid_block.resnets[1](x, f, temb)
        for block in self.up_blocks:
            for i in range(len(block.resnets)):
                x = block.step(i, torch.cat([x, skips.pop()], 1), f, temb, context)
            if levels and block is self.up_blocks[levels - 1]:
                return x.view(b, f, *x.shape[1:])
            if hasattr(block, "upsamplers"):
                x = block.upsamplers[0](x, skips[-1].shape[2:])
        x = self.conv_out(F.silu(self.conv_norm_out(x)))
        return x.view(b, f, *x.shape[1:])


# ------------------------------------------------------------------ VAE

class VAEStage(nn.Module):
    def __init__(self, resnets, sampler=None):
        super().__init__()
        self.resnets = nn.ModuleList(resnets)
        if isinstance(sampler, Downsample):
            self.downsamplers = nn.ModuleList([sampler])
        elif sampler is not None:
            self.upsamplers = nn.ModuleList([sampler])


class Encoder(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        ch, depth = cfg["block_out_channels"], cfg["layers_per_block"]
        self.conv_in = nn.Conv2d(cfg["in_channels"], ch[0], 3, padding=1)
        self.down_blocks = nn.ModuleList([
            VAEStage([ResBlock(ch[max(i - 1, 0)] if k == 0 else c, c, None, 1e-6) for k in range(depth)],
                     Downsample(c, 0) if i < len(ch) - 1 else None) for i, c in enumerate(ch)])
        self.mid_block = VAEStage([ResBlock(ch[-1], ch[-1], None, 1e-6) for _ in range(2)])
        self.mid_block.attentions = nn.ModuleList([ImageAttention(ch[-1])])
        self.conv_norm_out = group_norm(ch[-1], 1e-6)
        self.conv_out = nn.Conv2d(ch[-1], 2 * cfg["latent_channels"], 3, padding=1)

    def forward(self, x):
        x = self.conv_in(x)
        for block in self.down_blocks:
            for resnet in block.resnets:
                x = resnet(x)
            if hasattr(block, "downsamplers"):
                x = block.downsamplers[0](x)
        x = self.mid_block.resnets[0](x)
        x = self.mid_block.resnets[1](self.mid_block.attentions[0](x))
        return self.conv_out(F.silu(self.conv_norm_out(x)))


class TemporalDecoder(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        ch, depth = cfg["block_out_channels"][::-1], cfg["layers_per_block"]

        def block(cin, cout):
            return STResBlock(cin, cout, None, 1e-6, 1e-5, 0.0, True)

        self.conv_in = nn.Conv2d(cfg["latent_channels"], ch[0], 3, padding=1)
        self.mid_block = VAEStage([block(ch[0], ch[0]) for _ in range(depth)])
        self.mid_block.attentions = nn.ModuleList([ImageAttention(ch[0])])   # diffusers uses it only where depth > 1
        self.up_blocks = nn.ModuleList([
            VAEStage([block(ch[max(i - 1, 0)] if k == 0 else c, c) for k in range(depth + 1)],
                     Upsample(c) if i < len(ch) - 1 else None) for i, c in enumerate(ch)])
        self.conv_norm_out = group_norm(ch[-1], 1e-6)
        self.conv_out = nn.Conv2d(ch[-1], cfg["out_channels"], 3, padding=1)
        self.time_conv_out = nn.Conv3d(cfg["out_channels"], cfg["out_channels"], (3, 1, 1), padding=(1, 0, 0))

    def forward(self, z, frames):
        x = self.mid_block.resnets[0](self.conv_in(z), frames)
        for k, resnet in enumerate(self.mid_block.resnets[1:]):
            x = resnet(self.mid_block.attentions[k](x) if k == 0 else x, frames)
        for block in self.up_blocks:
            for resnet in block.resnets:
                x = resnet(x, frames)
            if hasattr(block, "upsamplers"):
                x = block.upsamplers[0](x)
        x = self.conv_out(F.silu(self.conv_norm_out(x)))
        if frames == 0:
            return x
        n, c, h, w = x.shape
        v = self.time_conv_out(x.view(n // frames, frames, c, h, w).transpose(1, 2))
        return v.transpose(1, 2).reshape(n, c, h, w)


class VAE(nn.Module):
    """`AutoencoderKLTemporalDecoder`; images and frames are (N, 3, H, W) in -1..1."""

    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        self.encoder, self.decoder = Encoder(cfg), TemporalDecoder(cfg)
        self.quant_conv = nn.Conv2d(2 * cfg["latent_channels"], 2 * cfg["latent_channels"], 1)

    def moments(self, x):
        """Mean and log-variance of the posterior, (N, 4, H/4, W/4) each, not yet scaled."""
        mean, logvar = self.quant_conv(self.encoder(x)).chunk(2, 1)
        return mean, logvar.clamp(-30, 20)

    def encode(self, x):
        return self.moments(x)[0]

    def decode(self, z, frames):
        """frames = 0 leaves the temporal layers out (training on single images)."""
        return self.decoder(z, frames)


# ------------------------------------------------------------------ image encoder

class CLIPLayer(nn.Module):
    def __init__(self, dim, inner, heads, eps):
        super().__init__()
        self.heads = heads
        self.self_attn = nn.ModuleDict({k: nn.Linear(dim, dim) for k in ("k_proj", "v_proj", "q_proj", "out_proj")})
        self.layer_norm1 = nn.LayerNorm(dim, eps=eps)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(dim, inner), "fc2": nn.Linear(inner, dim)})
        self.layer_norm2 = nn.LayerNorm(dim, eps=eps)

    def forward(self, x):
        n, length, dim = x.shape
        y = self.layer_norm1(x)
        q, k, v = (self.self_attn[p](y).view(n, length, self.heads, -1).transpose(1, 2)
                   for p in ("q_proj", "k_proj", "v_proj"))
        y = (q @ k.transpose(-1, -2) * (dim // self.heads) ** -0.5).softmax(-1) @ v
        x = x + self.self_attn["out_proj"](y.transpose(1, 2).reshape(n, length, dim))
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.layer_norm2(x))))


class CLIPVision(nn.Module):
    """`CLIPVisionModelWithProjection`: (B, 3, 224, 224), CLIP-normalised, -> (B, projection_dim)."""

    def __init__(self, cfg):
        super().__init__()
        self.cfg = cfg
        dim, eps = cfg["hidden_size"], cfg["layer_norm_eps"]
        tokens = (cfg["image_size"] // cfg["patch_size"]) ** 2 + 1
        vision = self.vision_model = nn.Module()
        vision.embeddings = nn.Module()
        vision.embeddings.class_embedding = nn.Parameter(torch.randn(dim) * 0.02)
        vision.embeddings.patch_embedding = nn.Conv2d(3, dim, cfg["patch_size"], stride=cfg["patch_size"], bias=False)
        vision.embeddings.position_embedding = nn.Embedding(tokens, dim)
        nn.init.normal_(vision.embeddings.position_embedding.weight, std=0.02)
        vision.pre_layrnorm = nn.LayerNorm(dim, eps=eps)
        vision.encoder = nn.Module()
        vision.encoder.layers = nn.ModuleList([
            CLIPLayer(dim, cfg["intermediate_size"], cfg["num_attention_heads"], eps)
            for _ in range(cfg["num_hidden_layers"])])
        vision.post_layernorm = nn.LayerNorm(dim, eps=eps)
        self.visual_projection = nn.Linear(dim, cfg["projection_dim"], bias=False)

    def forward(self, x):
        vision, emb = self.vision_model, self.vision_model.embeddings
        y = emb.patch_embedding(x).flatten(2).transpose(1, 2)
        y = torch.cat([emb.class_embedding.to(y.dtype).expand(len(y), 1, -1), y], 1)
        y = vision.pre_layrnorm(y + emb.position_embedding.weight)
        for layer in vision.encoder.layers:
            y = layer(y)
        return self.visual_projection(vision.post_layernorm(y[:, 0]))


# ------------------------------------------------------------------ the nano configuration

UNET = {
    "_class_name": "UNetSpatioTemporalConditionModel", "_diffusers_version": "0.24.0.dev0",
    "addition_time_embed_dim": 32, "block_out_channels": [96, 96], "cross_attention_dim": 64,
    "down_block_types": ["DownBlockSpatioTemporal", "CrossAttnDownBlockSpatioTemporal"],
    "in_channels": 32, "layers_per_block": 1, "num_attention_heads": [3, 3], "num_frames": 14, "out_channels": 16,
    "projection_class_embeddings_input_dim": 96, "sample_size": 32, "transformer_layers_per_block": 1,
    "up_block_types": ["UpBlockSpatioTemporal", "UpBlockSpatioTemporal"],
}
VAE_CFG = {
    "_class_name": "AutoencoderKLTemporalDecoder", "_diffusers_version": "0.24.0.dev0",
    "block_out_channels": [96, 64, 96, 96], "down_block_types": ["DownEncoderBlock2D"] * 4, "force_upcast": False,
    "in_channels": 3, "latent_channels": 16, "layers_per_block": 1, "out_channels": 3, "sample_size": 256,
    "scaling_factor": 1.0,
}
SHALLOW_CFG = dict(VAE_CFG, block_out_channels=[96, 64, 96], down_block_types=["DownEncoderBlock2D"] * 3, latent_channels=4)
CLIP = {
    "architectures": ["CLIPVisionModelWithProjection"], "attention_dropout": 0.0, "dropout": 0.0,
    "hidden_act": "gelu", "hidden_size": 64, "image_size": 224, "initializer_factor": 1.0, "initializer_range": 0.02,
    "intermediate_size": 256, "layer_norm_eps": 1e-05, "model_type": "clip_vision_model", "num_attention_heads": 2,
    "num_channels": 3, "num_hidden_layers": 2, "patch_size": 32, "projection_dim": 64, "torch_dtype": "float16",
    "transformers_version": "4.34.0.dev0",
}
SCHEDULER = {
    "_class_name": "EulerDiscreteScheduler", "_diffusers_version": "0.24.0.dev0", "beta_end": 0.012,
    "beta_schedule": "scaled_linear", "beta_start": 0.00085, "clip_sample": False, "interpolation_type": "linear",
    "num_train_timesteps": 1000, "prediction_type": "v_prediction", "set_alpha_to_one": False, "sigma_max": 700.0,
    "sigma_min": 30.0, "skip_prk_steps": True, "steps_offset": 1, "timestep_spacing": "leading",
    "timestep_type": "continuous", "trained_betas": None, "use_karras_sigmas": True,
}
FEATURE_EXTRACTOR = {
    "crop_size": {"height": 224, "width": 224}, "do_center_crop": True, "do_convert_rgb": True, "do_normalize": True,
    "do_rescale": True, "do_resize": True, "feature_extractor_type": "CLIPFeatureExtractor",
    "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_processor_type": "CLIPImageProcessor",
    "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "rescale_factor": 0.00392156862745098,
    "size": {"shortest_edge": 224},
}
