"""Initial weights of the UNet that spare a slow machine the long search. With a GPU's patience, leave them out.

What is set by hand: (1) every frame is the input picture; (2) a channel hears the marked noise, smoothed, and its mean over
the frames; (3) where the lowest level says how much lighter a place is (channel LIGHT), the top level multiplies.
(4) the bucket scales the light. What is left to learn: how the light depends on time and frame rate, and all corrections.

Signals travel in *carriers*: a value as +v and -v in two channels beside a large constant in a third. They share one of
GroupNorm's groups, which then divides by nearly the same number in every picture, so that mean and contrast survive; and
silu(v) - silu(-v) = v undoes a SiLU.
"""
import torch
import torch.nn.functional as F

from data import PLANES
from model import sinusoid

WIDTH = 96
LEVEL = 15.0                # the large constant
LIGHT = 51                  # channel of the lowest level that holds the light, LOUD times
LOUD = 2.0                  # so soft that it hardly adds to its group's deviation
GAIN = 1.8                  # of the second smoothing; the gate of the bucket before it is truest for weak light
CLOCK = tuple("down_blocks.1." + part for part in (         # what finds the functions of time and frame rate
    "attentions.0.temporal_transformer_blocks.0.ff.", "attentions.0.time_pos_embed", "resnets.0.spatial_res_block.time_emb_proj",
    "resnets.0.spatial_res_block.norm2"))
HEARD = 48                  # first of the channels that hold the marked planes


def triple(first, count):
    """Channels (+v, -v, constant) of `count` neighbouring carriers."""
    plus = first + 3 * torch.arange(count)
    return plus, plus + 1, plus + 2


def keep(norm, carriers, group):
    """Affine weights with which `norm` gives carriers back as they were, in groups of `group` channels."""
    plus, minus, constant = carriers
    share = 1 / 3 if len(plus) > 1 or group == 3 else 1 / group         # of constants among a group's channels
    for channels in (plus, minus):
        norm.weight[channels] = LEVEL * (share - share ** 2) ** 0.5
        norm.bias[channels] = LEVEL * share
    norm.weight[constant] = norm.bias[constant] = 0


def clear(layer, rows=slice(None)):
    layer.weight[rows] = 0
    layer.bias[rows] = 0


def hear_settings(unet, wanted):
    """Weight (K, T) and bias (K,) that make of the UNet's time embedding what `wanted` makes of (fps - 1, bucket), (N, K)."""
    ids = torch.stack([torch.randint(4, 16, (6000,)), torch.randint(1, 256, (6000,)), torch.full((6000,), 0.02)], 1)
    sigmas = sinusoid(0.25 * torch.linspace(3, 6.5, 6000), unet.cfg["block_out_channels"][0])
    said = unet.add_embedding(sinusoid(ids.flatten(), unet.cfg["addition_time_embed_dim"]).view(6000, -1))
    x, y = F.silu(unet.time_embedding(sigmas) + said).double(), wanted(ids[:, 0], ids[:, 1]).double()
    mean, centre = x.mean(0), y.mean(0)
    x = x - mean
    solution = torch.linalg.solve(x.T @ x + 1e-2 * torch.eye(x.shape[1], dtype=torch.double), x.T @ (y - centre)).T
    return solution.float(), (centre - solution @ mean).float()


@torch.no_grad()
def start_as_still(unet):
    """(1): the conditioning latents' carriers run through the top level; residual branches begin at zero."""
    count = unet.cfg["out_channels"]
    carriers = plus, minus, constant = triple(0, count)
    channels = torch.cat(carriers)
    for name, m in unet.named_modules():
        if name.endswith(("conv2", "proj_out")):
            clear(m)
    down, up = unet.down_blocks[0], unet.up_blocks[-1]
    clear(unet.conv_in, channels)
    unet.conv_in.weight[plus, count + torch.arange(count), 1, 1] = 1
    unet.conv_in.weight[minus, count + torch.arange(count), 1, 1] = -1
    unet.conv_in.bias[constant] = LEVEL
    down.downsamplers[0].conv.weight[:, constant] = 0
    for block, places in ((down.resnets[0], [0]), (up.resnets[0], [WIDTH]), (up.resnets[1], [0, WIDTH])):
        for place in places:
            keep(block.spatial_res_block.norm1, [c + place for c in carriers], 3)
        keep(block.temporal_res_block.norm1, carriers, 3)
    for block, source in zip(up.resnets, (WIDTH, 0)):       # from the skip, then onwards
        shortcut = block.spatial_res_block.conv_shortcut
        for place in (0, WIDTH):
            shortcut.weight[:, place + constant] = 0
        clear(shortcut, channels)
        shortcut.weight[channels, source + channels, 0, 0] = 1
    keep(unet.conv_norm_out, carriers, 3)
    clear(unet.conv_out)
    unet.conv_out.weight[torch.arange(count), plus, 1, 1] = -1
    unet.conv_out.weight[torch.arange(count), minus, 1, 1] = 1
    hold(unet)


def hold(unet):
    """No learning on the still video's path: jitter there would only blur it."""
    shortcuts = (block.spatial_res_block.conv_shortcut for block in unet.up_blocks[-1].resnets)
    for part in (unet.conv_in, unet.conv_norm_out, unet.conv_out, *shortcuts):
        part.requires_grad_(False)


@torch.no_grad()
def listen(unet):
    """(2) and (4): marked planes -> HEARD.. -> attention over frames -> products with functions of time -> smoothed -> LIGHT."""
    planes, free = torch.arange(PLANES), torch.arange(LIGHT + 3, WIDTH)
    heard = HEARD + planes
    tent = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    clear(unet.conv_in, heard)
    unet.conv_in.weight[heard, planes] = 1 / 3
    narrow = unet.down_blocks[0].downsamplers[0].conv
    clear(narrow, torch.arange(HEARD, WIDTH))
    narrow.weight[heard, heard] = tent * 4 / 3
    narrow.bias[HEARD + 2] = narrow.bias[LIGHT + 2] = LEVEL
    for block in unet.up_blocks[0].resnets:                 # the lowest level's stream runs on to its end
        shortcut = block.spatial_res_block.conv_shortcut
        clear(shortcut)
        shortcut.weight[:, :WIDTH, 0, 0] = torch.eye(WIDTH)
    slow = unet.add_embedding.linear_1.weight.view(-1, 3, 2, unet.cfg["addition_time_embed_dim"] // 2)
    slow[:, 0, :, :2] = 0                                   # frame rate and bucket by their slow sinusoids alone
    slow[:, 1, :, :7] = 0
    told = unet.down_blocks[1].resnets[0].spatial_res_block  # the free channels tell of the frame rate
    clear(told.conv1)
    weight, bias = hear_settings(unet, lambda rate, _: torch.stack([4 * (6 / (rate + 1) - 0.7), (rate - 9) / 3.5], 1))
    mix = torch.randn(WIDTH, 2)
    told.time_emb_proj.weight.copy_(mix @ weight)
    told.time_emb_proj.bias.copy_(mix @ bias + 0.5 * torch.randn(WIDTH))
    told.conv2.weight[free, :, 1, 1] = 0.3 * torch.randn(len(free), WIDTH)

    part = unet.down_blocks[1].attentions[0]
    spatial, temporal = part.transformer_blocks[0], part.temporal_transformer_blocks[0]
    for layer in (spatial.attn1.to_out[0], spatial.attn2.to_out[0], spatial.ff.net[2], temporal.attn2.to_out[0],
                  temporal.ff_in.net[2], temporal.ff.net[2]):
        clear(layer)
    raw, means, said = planes, PLANES + planes, 2 * PLANES  # places in a token
    own = torch.arange(said + 1)
    part.norm.weight[heard] = LEVEL * 2 ** 0.5 / 3
    part.norm.bias[heard] = LEVEL / 3
    clear(part.proj_in, own)
    part.proj_in.weight *= 3
    part.proj_in.weight[:, :LIGHT + 3] = 0
    part.proj_in.weight[raw, heard] = 1
    clear(part.time_pos_embed.linear_2, own)
    part.time_pos_embed.linear_2.weight *= 3
    attention = temporal.attn1
    attention.to_q.weight.zero_()                           # every frame hears every frame alike
    attention.to_v.weight.zero_()
    attention.to_v.weight[raw, raw] = 1
    clear(attention.to_out[0])
    attention.to_out[0].weight[means, raw] = 4
    products = temporal.ff.net[0].proj                      # of means and functions of time and frame rate
    inner = products.out_features // 2
    clear(products, slice(0, inner))
    for k in range(PLANES):
        products.weight[k:inner:PLANES, means[k]] = 1
    products.weight[inner:] *= 2
    products.weight[inner:, own] = 0
    share = torch.sigmoid(-part.time_mixer.mix_factor[0])
    part.proj_out.weight[LIGHT, said], part.proj_out.weight[LIGHT + 1, said] = 1 / share, -1 / share

    soft, whole = 1 / LOUD, torch.zeros(3, 3)
    whole[1, 1] = 1
    gate, smoother = (resnet.spatial_res_block for resnet in unet.mid_block.resnets)
    light_carriers(gate, (soft * tent, -soft * tent, whole))
    weight, bias = hear_settings(unet, lambda _, bucket: 2.645 * bucket[:, None] / 255 - 1.365)
    for row, sign in ((0, 1), (1, -1), (3, 1), (4, -1)):    # + e to the carriers of soft v and of -soft v
        gate.time_emb_proj.weight[row], gate.time_emb_proj.bias[row] = sign * weight[0], sign * bias[0]
    light_carriers(smoother, (tent, whole))
    for channel, sign in ((LIGHT, 1.0), (LIGHT + 1, -1.0)):
        # the slope of silu(v + e) - silu(e - v) at v = 0 grows from 0 to 2 as e does from -1.28 to 1.28;
        # -1.365 arrives as -1.28, for a carrier of that size adds to its group's deviation
        gate.conv2.weight[channel, [0, 3, 6, 7], 1, 1] = sign * torch.tensor([1 / soft, -1 / soft, -1, 1])
        smoother.conv2.weight[channel, [0, 1, 3, 4], 1, 1] = sign * torch.tensor([GAIN, -GAIN, -1, 1])


def light_carriers(block, kernels):
    """Makes the first half of a residual block carry LIGHT, filtered by each kernel, in channels 0.. before its last SiLU."""
    rows = slice(0, 3 * len(kernels))
    keep(block.norm1, triple(LIGHT, 1), 3)
    clear(block.time_emb_proj, rows)
    clear(block.conv1, rows)
    for k, kernel in enumerate(kernels):
        for row, sign in ((3 * k, 1), (3 * k + 1, -1)):
            block.conv1.weight[row, LIGHT], block.conv1.weight[row, LIGHT + 1] = sign * kernel, -sign * kernel
        block.conv1.bias[3 * k + 2] = LEVEL
    keep(block.norm2, triple(0, len(kernels)), 3)


@torch.no_grad()
def fit_time(unet, batches, ridge=1e-4):
    """The functions of time and frame rate that make the light of the means, by least squares.

    batches: pairs of the UNet's inputs and the light (B, F, h, w) wanted at the lowest level for a bucket half way.
    """
    products = []
    last = unet.down_blocks[1].attentions[0].temporal_transformer_blocks[0].ff.net[2]
    hook = last.register_forward_pre_hook(lambda _, x: products.append(x[0].float()))
    tent = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])[None, None] / 16
    square, mixed, whole = 0, 0, 0
    for inputs, light in batches:
        unet(*inputs, levels=1)
        b, f, h, w = light.shape
        x = products.pop().view(b, h, w, f, -1).permute(0, 3, 4, 1, 2)                  # (B, F, inner, h, w)
        x = GAIN * F.conv2d(F.conv2d(x.reshape(-1, 1, h, w), tent, padding=1), tent, padding=1).view(b, f, -1, h * w).transpose(2, 3).flatten(0, 2)
        y = LOUD * light.reshape(-1, 1)
        weight = torch.cat([torch.tensor([3.0]), torch.ones(f - 1)]).view(1, f, 1, 1)       # first frames most
        weight = weight.expand(b, f, h, w).reshape(-1, 1).double()
        x, y = x * weight, y * weight
        square, mixed, whole = square + x.T @ x, mixed + x.T @ y, whole + y.square().sum()
    hook.remove()
    solution = torch.linalg.solve(square + ridge * square.diagonal().mean() * torch.eye(len(square), dtype=torch.double), mixed)
    last.weight[2 * PLANES] = solution[:, 0].float()
    return 1 - (2 * solution.T @ mixed - solution.T @ square @ solution).item() / whole.item()


@torch.no_grad()
def multiply(unet, operator):
    """(3): c + light * (M c + b) for the conditioning latents c; operator holds M as `weight` (C, C, 1, 1), b as `bias`."""
    count = unet.cfg["out_channels"]
    plus, minus, _ = triple(0, count)
    wide = unet.up_blocks[0].upsamplers[0].conv
    clear(wide, torch.arange(HEARD, HEARD + 6))
    tent = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    wide.weight[HEARD, LIGHT], wide.weight[HEARD + 1, LIGHT] = tent / LOUD, -tent / LOUD
    wide.bias[HEARD + 2] = LEVEL
    block = unet.up_blocks[1].resnets[0].spatial_res_block
    keep(block.norm1, triple(HEARD, 1), 6)
    for layer in (block.conv1, block.time_emb_proj):
        clear(layer)
    for k, (own, light) in enumerate(((1, 1), (1, -1), (0, 0), (-1, 1), (-1, -1), (0, 0))):
        rows = 6 * torch.arange(count) + k
        if own == 0:
            block.conv1.bias[rows] = LEVEL
            continue
        for sign, channel, lit in ((0.5, plus, HEARD), (-0.5, minus, HEARD + 1)):
            block.conv1.weight[rows, WIDTH + channel, 1, 1] = sign * own
            block.conv1.weight[rows, lit, 1, 1] = sign * light
        # silu(u) = u/2 + u^2/4 or so: own * light sums up to half the product c * light, light to the light itself
        amount = 2.0 * own * light * operator["weight"][:, :, 0, 0]
        amount[:, 0] += light * operator["bias"]            # light itself: any one latent's rows will do
        for channels, sign in ((plus, 1), (minus, -1)):
            block.conv2.weight[channels[:, None], rows, 1, 1] = sign * amount
    keep(block.norm2, triple(0, 2 * count), 3)
