"""Train all levels of the deepened VAE together, from pixels; then fit how light changes its latents.

    python finish_vae.py --vae work/deep.pt --out work/vae.pt --operator work/light.pt --minutes 55
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
from model import VAE, VAE_CFG
from train_vae import picture_loss

CROP = 64
NOISE = 0.03            # on the latents in training: the decoder should not read their last digits


def colour(x):
    """What a picture has besides its brightness. Coloured beads on thin lines are what the pixels' loss forgives first."""
    return x - x.mean(1, keepdim=True)


def train(net, bank, gen, minutes, batch, rate):
    """The averaged weights after `minutes`; the decoder's time layers stay as they are."""
    for name, w in net.named_parameters():
        w.requires_grad_("temporal" not in name and "time_" not in name)
    learn = [w for w in net.parameters() if w.requires_grad]
    ema = copy.deepcopy(net)
    opt = torch.optim.AdamW(learn, lr=rate, betas=(0.9, 0.99), weight_decay=1e-3)
    start, step, tally = time.time(), 0, 0.0
    while (spent := (time.time() - start) / 60 / minutes) < 1:
        opt.param_groups[0]["lr"] = rate * min(1, (step + 1) / 50) * (0.5 + 0.5 * math.cos(math.pi * spent)) + 1e-6
        x = data.images(gen, bank, batch, CROP, CROP)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            z = net.encode(x).float()
            y = net.decode(z + NOISE * torch.randn_like(z), 0).float()
        loss = picture_loss(y, x) + F.l1_loss(colour(y), colour(x)) + 1e-3 * F.relu(z.square().mean() - 1)
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([w for w in learn if w.grad is not None], 1.0)
        opt.step()
        step, tally = step + 1, tally + loss.item()
        with torch.no_grad():
            for e, w in zip(ema.parameters(), net.parameters()):
                e.lerp_(w, 1 - min(0.995, (1 + step) / (10 + step)))
        if step % 100 == 0:
            print("step %d  %d s  loss %.4f" % (step, time.time() - start, tally / 100), flush=True)
            tally = 0.0
    return ema.requires_grad_(False)


def fit_light(vae, bank, gen, pictures, steps, batch=8, rate=2e-2):
    """The 1x1 convolution M z + b with which z + light * (M z + b) decodes as what z decodes to, lit."""
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        z = torch.cat([vae.encode(data.images(gen, bank, batch, CROP, CROP)).float() for _ in range(max(1, pictures // batch))])
        unlit = torch.cat([vae.decode(part, 0).float() for part in z.split(batch)])
    operator = nn.Conv2d(z.shape[1], z.shape[1], 1)
    nn.init.zeros_(operator.weight)
    nn.init.zeros_(operator.bias)
    opt = torch.optim.Adam(operator.parameters(), lr=rate)
    for step in range(steps):
        opt.param_groups[0]["lr"] = rate * (1 - step / steps) + 1e-4
        i = torch.randint(len(z), (batch,), generator=gen)
        white = torch.randn(batch, data.PLANES, CROP // data.CELL, CROP // data.CELL, generator=gen)
        light = torch.stack([data.LIGHT * data.waves(w, 14, 7)[7:8] for w in white])
        lit = torch.cat([data.lay(x[None], l) for x, l in zip(unlit[i], light)])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = vae.decode(z[i] + light * operator(z[i]).float(), 0).float()
        loss = F.mse_loss(y, lit)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % 25 == 0:
            print("light: error %.4f, unlit %.4f" % (loss.item(), F.mse_loss(unlit[i], lit).item()), flush=True)
    return operator


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--vae", default="work/deep.pt")
    p.add_argument("--out", default="work/vae.pt")
    p.add_argument("--operator", default="work/light.pt")
    p.add_argument("--bank", default="work/bank.pt")
    p.add_argument("--canvases", type=int, default=400)
    p.add_argument("--minutes", type=float, default=55)
    p.add_argument("--batch", type=int, default=4)
    p.add_argument("--lr", type=float, default=3e-4)
    p.add_argument("--pictures", type=int, default=200, help="pictures to fit the light to")
    p.add_argument("--light-steps", type=int, default=160)
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    gen = torch.Generator().manual_seed(a.seed + 2)
    bank = data.canvas_bank(a.bank, a.canvases)
    state = torch.load(a.vae)
    net = VAE(dict(VAE_CFG, scaling_factor=state["scaling_factor"]))
    net.load_state_dict(state["ema"])
    net = train(net, bank, gen, a.minutes, a.batch, a.lr)
    os.makedirs(os.path.dirname(a.out) or ".", exist_ok=True)
    torch.save({"ema": net.state_dict(), "scaling_factor": state["scaling_factor"]}, a.out)
    torch.save(fit_light(net, bank, gen, a.pictures, a.light_steps).state_dict(), a.operator)


if __name__ == "__main__":
    main()
