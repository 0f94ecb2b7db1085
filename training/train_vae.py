"""Train the shallow VAE (factor 4), which `deepen_vae.py` deepens: first image by image, then (--temporal) the decoder's time layers on clips.

    python train_vae.py --out work/shallow.pt --minutes 30
    python train_vae.py --out work/shallow.pt --minutes 5 --resume --temporal
"""
import argparse
import copy
import math
import os
import time

import torch
import torch.nn.functional as F

import data
from model import SHALLOW_CFG, VAE


@torch.no_grad()
def start_as_thumbnail(vae, offset=2.0, lift=3.0, gain=1.5):
    """Initial weights with which the VAE already is something: it shrinks the picture four times and enlarges it again.

    Three latents carry the mean red, green and blue of each 4x4 cell, the fourth nothing yet.  Colours travel along
    the residual stream.  GroupNorm's 32 groups hold three channels each where the width is 96: two of those of
    a carrier are set to +offset and -offset, so that normalising cannot take the third one's mean and contrast away; `lift` moves
    that channel to where SiLU is nearly straight.
    """
    wide = torch.arange(3) * 3 + 2                          # carriers where the width is 96; 0..2 where it is 64
    slope = (torch.sigmoid(torch.tensor(lift)) * (1 + lift * (1 - torch.sigmoid(torch.tensor(lift))))).item()

    def carry(conv, source, target, kernel):
        conv.weight[target] = 0
        conv.bias[target] = 0
        for s, t in zip(source, target):
            top = (conv.weight.shape[-1] - kernel.shape[-1]) // 2
            conv.weight[t, s, top:top + kernel.shape[0], top:top + kernel.shape[1]] = kernel
        if conv.out_channels == 96:
            for k, sign in ((0, 1), (1, -1)):
                conv.weight[k:9:3] = 0
                conv.bias[k:9:3] = sign * offset

    def leave(norm, conv, scale):
        conv.weight[:3] = 0
        conv.bias[:3] = 0
        for k, (shift, share) in enumerate(((offset, -0.5), (-offset, -0.5), (0, 1.0))):
            norm.weight[k:9:3] = offset * (2 / 3) ** 0.5    # undoes the division by the group's deviation
            norm.bias[k:9:3] = lift - shift
            for c in range(3):                              # the offset pair gives back the mean the group lost
                conv.weight[c, 3 * c + k, 1, 1] = share * scale / slope

    for name, m in vae.named_modules():
        if name.endswith(("conv2", "to_out.0")):            # residual branches begin at zero
            m.weight.zero_()
            m.bias.zero_()
    one, box = torch.ones(1, 1), torch.zeros(3, 3)
    box[:2, :2] = 0.25
    tent = torch.tensor([[1., 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    narrow, rgb = torch.arange(3), torch.arange(3)
    e, d = vae.encoder, vae.decoder
    carry(e.conv_in, rgb, wide, one)
    carry(e.down_blocks[0].downsamplers[0].conv, wide, wide, box)
    carry(e.down_blocks[1].resnets[0].conv_shortcut, wide, narrow, one)
    carry(e.down_blocks[1].downsamplers[0].conv, narrow, narrow, box)
    carry(e.down_blocks[2].resnets[0].conv_shortcut, narrow, wide, one)
    leave(e.conv_norm_out, e.conv_out, gain)
    vae.quant_conv.weight[:, :, 0, 0] = torch.eye(8)
    vae.quant_conv.weight[4:] *= 0.1
    vae.quant_conv.bias[:4] = 0
    vae.quant_conv.bias[4:] = -5.0                          # posteriors begin narrow
    carry(d.conv_in, rgb, wide, one / gain)
    carry(d.up_blocks[0].upsamplers[0].conv, wide, wide, tent)
    carry(d.up_blocks[1].resnets[0].spatial_res_block.conv_shortcut, wide, narrow, one)
    carry(d.up_blocks[1].upsamplers[0].conv, narrow, narrow, tent)
    carry(d.up_blocks[2].resnets[0].spatial_res_block.conv_shortcut, narrow, wide, one)
    leave(d.conv_norm_out, d.conv_out, 1.0)


def zero_time(net):
    """Start every temporal residual branch at zero, so that a video begins as the pictures it is made of."""
    for name, m in net.named_modules():
        if name.endswith("temporal_res_block"):
            m.conv2.weight.data.zero_()
            m.conv2.bias.data.zero_()
        if name.endswith("time_conv_out"):
            m.weight.data.zero_()
            m.weight.data[:, :, 1, 0, 0] = torch.eye(3)
            m.bias.data.zero_()


def edges(x):
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def picture_loss(y, x):
    """L1 + L2 on the pixels, L1 on their differences at two scales."""
    loss = F.l1_loss(y, x) + 2 * F.mse_loss(y, x)
    for scale in (1, 2):
        a, b = (F.avg_pool2d(v, scale) if scale > 1 else v for v in (y, x))
        loss = loss + 0.5 * sum(F.l1_loss(p, q) for p, q in zip(edges(a), edges(b)))
    return loss


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--out", default="work/shallow.pt")
    p.add_argument("--bank", default="work/bank.pt")
    p.add_argument("--canvases", type=int, default=500)
    p.add_argument("--minutes", type=float, default=30)
    p.add_argument("--batch", type=int, default=8)
    p.add_argument("--size", type=int, default=64)
    p.add_argument("--lr", type=float, default=6e-4)
    p.add_argument("--device", default="cpu")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--resume", action="store_true")
    p.add_argument("--temporal", action="store_true", help="clips, and only the decoder's time layers learn")
    p.add_argument("--decoder-only", action="store_true", help="keep the latents as they are")
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    gen = torch.Generator().manual_seed(a.seed)
    os.makedirs(os.path.dirname(a.out) or ".", exist_ok=True)
    bank = data.canvas_bank(a.bank, a.canvases)

    net = VAE(dict(SHALLOW_CFG))
    start_as_thumbnail(net)
    zero_time(net)
    done = {"step": 0, "samples": 0, "seconds": 0.0, "log": []}
    if a.resume:
        state = torch.load(a.out)
        net.load_state_dict(state["ema"])
        done = state["done"]
    net.to(a.device).train()
    ema = copy.deepcopy(net).eval()
    for name, w in net.named_parameters():
        time_layer = "temporal" in name or "time_" in name
        w.requires_grad_(time_layer if a.temporal else not (time_layer or a.decoder_only and not name.startswith("decoder")))
    learn = [w for w in net.parameters() if w.requires_grad]
    opt = torch.optim.AdamW(learn, lr=a.lr, betas=(0.9, 0.99), weight_decay=1e-3)
    frames = 8 if a.temporal else 0
    start, step = time.time(), 0
    while (spent := (time.time() - start) / 60 / a.minutes) < 1:
        lr = a.lr * min(1, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * spent)) + 1e-6
        for g in opt.param_groups:
            g["lr"] = lr
        if a.temporal:
            x = torch.cat([data.clip(gen, bank, frames, a.size, a.size)[0] for _ in range(max(1, a.batch // frames))])
        else:
            x = data.images(gen, bank, a.batch, a.size, a.size)
        x = x.to(a.device)
        with torch.autocast(a.device.split(":")[0], dtype=torch.bfloat16):
            mean, logvar = net.moments(x)
            mean, logvar = mean.float(), logvar.float()
            z = mean + torch.randn_like(mean) * (0.5 * logvar).exp()
            y = net.decode(z, frames).float()
        kl = 0.5 * (mean ** 2 + logvar.exp() - 1 - logvar).mean()
        loss = picture_loss(y, x) + 5e-5 * kl
        if a.temporal:                                      # flicker: what changes from frame to frame
            dy, dx = (v.view(-1, frames, *v.shape[1:]).diff(dim=1) for v in (y, x))
            loss = loss + F.l1_loss(dy, dx)
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learn, 1.0)
        opt.step()
        step += 1
        decay = min(0.998, (1 + step) / (10 + step))
        with torch.no_grad():
            for e, w in zip(ema.parameters(), net.parameters()):
                e.lerp_(w, 1 - decay)
        done["step"] += 1
        done["samples"] += len(x)
        if step % 25 == 0 or step == 1:
            mse = F.mse_loss(y, x).item() / 4
            row = [done["step"], round(done["seconds"] + time.time() - start), round(loss.item(), 4),
                   round(-10 * math.log10(mse), 2), round(kl.item(), 3), round(mean.std().item(), 3)]
            done["log"].append(row)
            print("step %d  %d s  loss %.4f  psnr %.2f  kl %.3f  latent std %.3f" % tuple(row), flush=True)
        if step % 200 == 0:
            torch.save({"ema": ema.state_dict(), "done": {**done, "seconds": done["seconds"] + time.time() - start}}, a.out)
    done["seconds"] += time.time() - start
    torch.save({"ema": ema.state_dict(), "done": done}, a.out)


if __name__ == "__main__":
    main()
