"""Train the UNet on clips of light and shade that pass over a picture; VAE and image encoder stay as they are.

    python train_unet.py --only-light --minutes 25          # how the light depends on noise, time and frame rate
    python train_unet.py --resume --minutes 60 --lr 1e-5    # the whole UNet, EDM's loss

Clips are made among latents: `finish_vae.py` fitted how light changes them (`light.pt`), so only still pictures need encoding.
"""
import argparse
import copy
import math
import os
import time

import torch
import torch.nn.functional as F

import data
import head_start
from diffusion import mark, precondition
from model import CLIP, CLIPVision, FEATURE_EXTRACTOR, UNET, UNet, VAE, VAE_CFG

SIGMAS = 20.0, 700.0        # noise levels trained on; the sampler goes from 700 to 30
STILL = 96                  # pixels a side of the still pictures


def clip_pixels(frames):
    """(B, 3, H, W) in -1..1 -> the image encoder's input (B, 3, 224, 224)."""
    mean = torch.tensor(FEATURE_EXTRACTOR["image_mean"], device=frames.device).view(1, 3, 1, 1)
    std = torch.tensor(FEATURE_EXTRACTOR["image_std"], device=frames.device).view(1, 3, 1, 1)
    x = F.interpolate(frames, size=(224, 224), mode="bicubic", align_corners=True)
    return ((x + 1) / 2 - mean) / std


def fixed_clip():
    """The image encoder: a random projection that is never trained (the picture itself reaches the UNet as latents)."""
    state = torch.random.get_rng_state()
    torch.manual_seed(0)
    net = CLIPVision(dict(CLIP)).eval()
    torch.random.set_rng_state(state)
    return net


@torch.no_grad()
def encode_stills(path, vae, clip, bank, count, device):
    """Writes latents (count, C, h, w) of pictures with a little noise, and their image embeddings."""
    gen = torch.Generator().manual_seed(7)
    latents, contexts = [], []
    with torch.autocast(device.split(":")[0], dtype=torch.bfloat16):
        for _ in range(count // 8):
            x = data.images(gen, bank, 8, STILL, STILL)
            contexts.append(clip(clip_pixels(x.to(device))).float().cpu())
            x += 0.02 * torch.randn(x.shape, generator=gen)
            latents.append(vae.encode(x.to(device)).float().cpu())
    torch.save({"latents": torch.cat(latents), "contexts": torch.cat(contexts)}, path)


def make_batch(gen, stills, operator, count, frames, size):
    """Clips of latents, what the UNet is told of them, and the light that was laid over them."""
    latents, contexts = stills
    h, w = (side // data.CELL for side in size)
    batch = {"condition": [], "context": [], "light": [], "white": [], "ids": []}
    for _ in range(count):
        i = int(torch.randint(len(latents), (1,), generator=gen))
        top, left = (int(torch.randint(latents.shape[k] - s + 1, (1,), generator=gen)) for k, s in ((2, h), (3, w)))
        still = latents[i, :, top:top + h, left:left + w]
        fps, bucket = data.random_motion(gen)
        white = torch.randn(data.PLANES, h, w, generator=gen)
        batch["condition"].append(still)
        batch["context"].append(contexts[i:i + 1])
        batch["white"].append(white)
        batch["light"].append(data.LIGHT * bucket / 255 * data.waves(white, frames, fps))
        batch["ids"].append(torch.tensor([fps - 1.0, bucket, 0.02]))
    batch = {k: torch.stack(v) for k, v in batch.items()}
    effect = F.conv2d(batch["condition"], operator["weight"], operator["bias"])
    batch["clean"] = batch["condition"][:, None] + batch["light"][:, :, None] * effect[:, None]
    return batch


def noised(gen, batch, sigma):
    """The clips of a batch with marked noise of levels sigma (B,)."""
    noise = mark(torch.randn(batch["clean"].shape, generator=gen), batch["white"])
    return batch["clean"] + sigma.view(-1, 1, 1, 1, 1) * noise


def inputs_of(noisy, sigma, batch):
    """What the UNet is called with, and what its output v means: clean latents = c_skip * noisy + c_out * v."""
    c_skip, c_out, c_in, timestep = precondition(noisy, sigma)
    still = batch["condition"][:, None].expand_as(noisy)
    return (torch.cat([noisy * c_in, still], 2), timestep, batch["context"], batch["ids"]), c_skip, c_out


def light_half_way(batch):
    """The light the lowest level should find at a bucket half way, (B, F, h/2, w/2)."""
    return F.avg_pool2d(batch["light"] * (127.5 / batch["ids"][:, 1].view(-1, 1, 1, 1)), 2)


def light_loss(net, gen, batch, sigma):
    """Of the lowest level alone, told what the light is: what it misses, first frames most; and a video without light's."""
    light = light_half_way(batch)
    batch["ids"][:, 1].clamp_(min=90)                       # the bucket scales the light, gentle ones teach nothing more
    scale = 127.5 / batch["ids"][:, 1].view(-1, 1, 1, 1) / head_start.LOUD
    inputs, _, _ = inputs_of(noised(gen, batch, sigma), sigma, batch)
    wrong = (net(*inputs, levels=1)[:, :, head_start.LIGHT].float() * scale - light).square()
    weight = torch.tensor([3.0] + [1.0] * (light.shape[1] - 1), device=light.device).view(1, -1, 1, 1)
    return 100 * (weight * wrong).mean(), wrong.mean(), light.square().mean()


def edm_loss(net, gen, batch, sigma):
    """EDM's loss of the clean latents' estimate; its square error and a still video's."""
    noisy = noised(gen, batch, sigma)
    inputs, c_skip, c_out = inputs_of(noisy, sigma, batch)
    estimate = c_skip * noisy + c_out * net(*inputs).float()
    wrong = ((estimate - batch["clean"]) / c_out).square().mean()
    return wrong, F.mse_loss(estimate, batch["clean"]), F.mse_loss(inputs[0][:, :, batch["clean"].shape[2]:], batch["clean"])


def start(operator, gen, stills, batches):
    """A UNet with the head start; prints how much of the light it misses before any training."""
    net = UNet(dict(UNET))
    head_start.start_as_still(net)
    head_start.listen(net)
    head_start.multiply(net, operator)
    pairs = []
    for _ in range(batches):
        batch = make_batch(gen, stills, operator, 8, 14, (STILL, STILL))
        sigma = torch.full((8,), SIGMAS[1])
        pairs.append((inputs_of(noised(gen, batch, sigma), sigma, batch)[0], light_half_way(batch)))
    print("light before training: %.3f of its variance is missed" % head_start.fit_time(net, pairs), flush=True)
    return net


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--vae", default="work/vae.pt")
    p.add_argument("--operator", default="work/light.pt")
    p.add_argument("--out", default="work/unet.pt")
    p.add_argument("--bank", default="work/bank.pt")
    p.add_argument("--stills", default="work/stills.pt")
    p.add_argument("--canvases", type=int, default=400)
    p.add_argument("--pictures", type=int, default=400, help="still pictures to encode")
    p.add_argument("--fit", type=int, default=60, help="batches of 8 clips for the head start's least squares")
    p.add_argument("--only-light", action="store_true", help="only the functions of time and frame rate learn")
    p.add_argument("--minutes", type=float, default=25)
    p.add_argument("--size", type=int, default=STILL, help="pixels a side of the clips")
    p.add_argument("--frames", default="14,14,14,25", help="clip lengths, drawn in turn")
    p.add_argument("--batch", type=int, default=4, help="clips of 14 frames; longer ones count for more")
    p.add_argument("--lr", type=float, default=3e-5)
    p.add_argument("--device", default="cpu")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--resume", action="store_true")
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    kind = a.device.split(":")[0]
    os.makedirs(os.path.dirname(a.out) or ".", exist_ok=True)
    operator = torch.load(a.operator)
    if not os.path.exists(a.stills):
        vae = VAE(dict(VAE_CFG))
        vae.load_state_dict(torch.load(a.vae, map_location="cpu")["ema"])
        encode_stills(a.stills, vae.to(a.device).eval(), fixed_clip().to(a.device), data.canvas_bank(a.bank, a.canvases),
                      a.pictures, a.device)
    kept = torch.load(a.stills)
    stills = kept["latents"], kept["contexts"]
    torch.manual_seed(a.seed)
    gen = torch.Generator().manual_seed(a.seed)
    net = UNet(dict(UNET)) if a.resume else start(operator, gen, stills, a.fit)
    done = {"step": 0, "clips": 0, "seconds": 0.0}
    if a.resume:
        state = torch.load(a.out, map_location="cpu")
        net.load_state_dict(state["ema"])
        head_start.hold(net)
        done = state["done"]
        gen.manual_seed(a.seed + done["step"])
    learn = [w for name, w in net.named_parameters() if w.requires_grad and (not a.only_light or name.startswith(head_start.CLOCK))]
    net.to(a.device).train()
    ema = copy.deepcopy(net)
    opt = torch.optim.Adam(learn, lr=a.lr, betas=(0.9, 0.99))
    lengths = [int(f) for f in a.frames.split(",")]
    begin, step, tally = time.time(), 0, torch.zeros(2)
    before = done["seconds"]
    while (spent := (time.time() - begin) / 60 / a.minutes) < 1:
        opt.param_groups[0]["lr"] = a.lr * min(1, (step + 1) / 50) * (0.5 + 0.5 * math.cos(math.pi * spent)) + 1e-7
        frames = lengths[step % len(lengths)]
        count = max(1, round(a.batch * 14 / frames))
        batch = {k: v.to(a.device) for k, v in make_batch(gen, stills, operator, count, frames, (a.size, a.size)).items()}
        low, high = map(math.log, SIGMAS)
        sigma = (low + (high - low) * torch.rand(count, generator=gen)).exp().to(a.device)
        with torch.autocast(kind, dtype=torch.bfloat16):
            loss, wrong, whole = (light_loss if a.only_light else edm_loss)(net, gen, batch, sigma)
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([w for w in learn if w.grad is not None], 1.0)
        opt.step()
        step += 1
        done = {"step": done["step"] + 1, "clips": done["clips"] + count, "seconds": before + time.time() - begin}
        with torch.no_grad():
            tally += torch.stack([wrong, whole]).cpu()
            for e, w in zip(ema.parameters(), net.parameters()):
                e.lerp_(w, 1 - min(0.99, (1 + step) / (10 + step)))
        if step % 50 == 0:
            print("step %d  clips %d  %d s  of a still video %.4f" % (*done.values(), tally[0] / tally[1]), flush=True)
            tally.zero_()
        if step % 200 == 0:
            torch.save({"ema": ema.state_dict(), "done": done}, a.out)
    torch.save({"ema": ema.state_dict(), "done": done}, a.out)


if __name__ == "__main__":
    main()
