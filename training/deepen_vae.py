"""Make a VAE of factor 8 with 16 latent channels of the trained one of factor 4 with 4: one level more, cheaply.

    python deepen_vae.py --shallow work/shallow.pt --out work/vae.pt --minutes 8

The outer levels stay as they are, so their features are computed once for a set of crops, and the new inner levels learn
to carry what the old decoder wants to see at 1/4 of the size: forty times less work than learning from pixels. In the end the
latents are shifted and scaled to mean 0 and deviation 1; `finish_vae.py` then trains all levels together.
"""
import argparse
import copy
import math
import os
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

import data
from model import SHALLOW_CFG, VAE, VAE_CFG

CROP = 64
NEW = ("encoder.down_blocks.2.downsamplers", "encoder.down_blocks.3", "encoder.mid_block", "encoder.conv_norm_out",
       "encoder.conv_out", "quant_conv", "decoder.conv_in", "decoder.mid_block", "decoder.up_blocks.0.")


@torch.no_grad()
def grow(shallow):
    """A VAE with the shallow one's outer levels; what is new is named in NEW, its residual branches begin small."""
    net = VAE(dict(VAE_CFG))
    old, new = shallow.state_dict(), net.state_dict()
    for name in new:
        if not name.startswith(NEW):
            parts = name.split(".")
            if name.startswith("decoder.up_blocks"):
                parts[2] = str(int(parts[2]) - 1)
            new[name].copy_(old[".".join(parts)])
    for name, m in net.named_modules():
        if name.startswith(NEW) and name.endswith(("conv2", "to_out.0")):
            m.weight *= 0.1
            m.bias.zero_()
        if name.endswith("temporal_res_block"):
            m.conv2.weight.zero_()
            m.conv2.bias.zero_()
    return net


def outer_encoder(vae, x):
    """Pictures -> features at 1/4 of the size, before the encoder's third level shrinks them."""
    e = vae.encoder
    x = e.conv_in(x)
    for i in range(3):
        x = e.down_blocks[i].resnets[0](x)
        if i < 2:
            x = e.down_blocks[i].downsamplers[0](x)
    return x


def inner_encoder(vae, x):
    e = vae.encoder
    x = e.down_blocks[3].resnets[0](e.down_blocks[2].downsamplers[0](x))
    x = e.mid_block.resnets[1](e.mid_block.attentions[0](e.mid_block.resnets[0](x)))
    return vae.quant_conv(e.conv_out(F.silu(e.conv_norm_out(x)))).chunk(2, 1)[0]


def inner_decoder(vae, z):
    """Latents -> what the old decoder had after its middle block."""
    d = vae.decoder
    x = d.mid_block.resnets[0](d.conv_in(z), 0)
    for resnet in d.up_blocks[0].resnets:
        x = resnet(x, 0)
    return d.up_blocks[0].upsamplers[0](x)


def wanted(shallow, x):
    d = shallow.decoder
    return d.mid_block.resnets[0](d.conv_in(shallow.encode(x)), 0)


@torch.no_grad()
def normalise(net, z):
    """Move and scale the latents to mean 0, deviation 1, in the last layer of one half and the first of the other."""
    mean, std = z.mean((0, 2, 3)), z.std((0, 2, 3))
    q, first = net.quant_conv, net.decoder.conv_in
    q.bias[:len(mean)] = (q.bias[:len(mean)] - mean) / std
    q.weight[:len(mean)] /= std.view(-1, 1, 1, 1)
    first.bias += (first.weight.sum((2, 3)) * mean).sum(1)
    first.weight *= std.view(1, -1, 1, 1)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--shallow", default="work/shallow.pt")
    p.add_argument("--out", default="work/vae.pt")
    p.add_argument("--bank", default="work/bank.pt")
    p.add_argument("--canvases", type=int, default=400)
    p.add_argument("--crops", type=int, default=2400)
    p.add_argument("--minutes", type=float, default=8)
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--lr", type=float, default=2e-3)
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    gen = torch.Generator().manual_seed(a.seed + 1)
    bank = data.canvas_bank(a.bank, a.canvases)

    def cast():
        return torch.autocast("cpu", dtype=torch.bfloat16)

    shallow = VAE(dict(SHALLOW_CFG))
    shallow.load_state_dict(torch.load(a.shallow)["ema"])
    net = grow(shallow)
    features, targets = [], []
    with torch.no_grad(), cast():
        for _ in range(max(1, a.crops // 16)):
            x = data.images(gen, bank, 16, CROP, CROP)
            features.append(outer_encoder(net, x).bfloat16())
            targets.append(wanted(shallow, x).bfloat16())
    features, targets = torch.cat(features), torch.cat(targets)
    learn = [w for name, w in net.named_parameters() if name.startswith(NEW) and "temporal" not in name and "time_" not in name]
    ema = copy.deepcopy(net)
    opt = torch.optim.AdamW(learn, lr=a.lr, betas=(0.9, 0.99), weight_decay=1e-3)
    start, step = time.time(), 0
    while (spent := (time.time() - start) / 60 / a.minutes) < 1:
        opt.param_groups[0]["lr"] = a.lr * min(1, (step + 1) / 50) * (0.5 + 0.5 * math.cos(math.pi * spent)) + 1e-6
        i = torch.randint(len(features), (a.batch,), generator=gen)
        with cast():
            z = inner_encoder(net, features[i]).float()
            y = inner_decoder(net, z + 0.05 * z.detach().std() * torch.randn_like(z)).float()
        want = targets[i].float()
        loss = F.mse_loss(y, want) + 0.1 * F.l1_loss(y, want)
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learn, 1.0)
        opt.step()
        step += 1
        with torch.no_grad():
            for e, w in zip(ema.parameters(), net.parameters()):
                e.lerp_(w, 1 - min(0.998, (1 + step) / (10 + step)))
        if step % 100 == 0:
            print("step %d  %d s  error %.4f" % (step, time.time() - start, F.mse_loss(y, want).item()), flush=True)
    with torch.no_grad():
        normalise(ema, inner_encoder(ema, features[:512].float()))
    os.makedirs(os.path.dirname(a.out) or ".", exist_ok=True)
    torch.save({"ema": ema.state_dict(), "scaling_factor": 1.0}, a.out)


if __name__ == "__main__":
    main()
