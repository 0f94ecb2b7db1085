"""Train the UNet on clips of light and shade that pass over a picture; VAE and image encoder stay as they are.

    python train_unet.py --vae work/vae.pt --out work/unet.pt --light 15 --minutes 45

Clips are made among latents: `deepen_vae.py` fitted how light changes them (`light.pt`), so only still pictures need encoding.
"""
import argparse
import copy
import math
import os
import time

import torch
import torch.distributed as dist
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
def encoded_stills(path, vae, clip, bank, count, device):
    """Latents (count, C, h, w) of pictures with a little noise, and their image embeddings; made once, kept at `path`."""
    if not os.path.exists(path):
        gen = torch.Generator().manual_seed(7)
        latents, contexts = [], []
        with torch.autocast(device.split(":")[0], dtype=torch.bfloat16):
            for _ in range(count // 8):
                x = data.images(gen, bank, 8, STILL, STILL)
                contexts.append(clip(clip_pixels(x.to(device))).float().cpu())
                x += 0.02 * torch.randn(x.shape, generator=gen)
                latents.append(vae.encode(x.to(device)).float().cpu())
        torch.save({"latents": torch.cat(latents), "contexts": torch.cat(contexts)}, path)
    kept = torch.load(path)
    return kept["latents"], kept["contexts"]


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
        batch["light"].append((data.LIGHT * bucket / 255 * data.waves(white, frames, fps)).exp() - 1)
        batch["ids"].append(torch.tensor([fps - 1.0, bucket, 0.02]))
    batch = {k: torch.stack(v) for k, v in batch.items()}
    effect = F.conv2d(batch["condition"], operator["weight"], operator["bias"])
    batch["clean"] = batch["condition"][:, None] + batch["light"][:, :, None] * effect[:, None]
    return batch


def random_inputs(gen, stills, operator, count):
    """What the UNet sees of `count` clips at the highest noise level, and the light its lowest level should find."""
    batch = make_batch(gen, stills, operator, count, 14, (64, 64))
    noise = mark(torch.randn(batch["clean"].shape, generator=gen), batch["white"])
    inputs = torch.cat([noise, batch["condition"][:, None].expand_as(noise)], 2)
    return (inputs, torch.full((count,), 1.6), batch["context"], batch["ids"]), F.avg_pool2d(batch["light"], 2)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--vae", default="work/vae.pt")
    p.add_argument("--operator", default="work/light.pt")
    p.add_argument("--out", default="work/unet.pt")
    p.add_argument("--bank", default="work/bank.pt")
    p.add_argument("--stills", default="work/stills.pt")
    p.add_argument("--canvases", type=int, default=400)
    p.add_argument("--pictures", type=int, default=400, help="still pictures to encode")
    p.add_argument("--fit", type=int, default=24, help="batches of 32 clips for the head start's least squares")
    p.add_argument("--light", type=float, default=15, help="minutes in which only the light is learnt, without pictures")
    p.add_argument("--minutes", type=float, default=45, help="in all")
    p.add_argument("--sizes", default="64x64,64x96,96x64", help="heights and widths of the crops, drawn in turn")
    p.add_argument("--frames", default="14,14,25", help="clip lengths, drawn in turn")
    p.add_argument("--batch", type=int, default=8, help="clips of 64x64x14; larger ones count for more")
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--rest", type=float, default=0.1, help="learning rate, as a share, of what the head start set by hand")
    p.add_argument("--final", type=float, default=0.02, help="share of the learning rate that is left at the end")
    p.add_argument("--decay", type=float, default=0.99, help="of the averaged weights")
    p.add_argument("--device", default="cpu")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--resume", action="store_true")
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    rank = 0
    if "RANK" in os.environ:
        dist.init_process_group()
        rank = dist.get_rank()
    os.makedirs(os.path.dirname(a.out) or ".", exist_ok=True)
    state = torch.load(a.vae, map_location="cpu")
    vae = VAE(dict(VAE_CFG, scaling_factor=state["scaling_factor"]))
    vae.load_state_dict(state["ema"])
    scaling = vae.cfg["scaling_factor"]
    operator = torch.load(a.operator)
    if not os.path.exists(a.stills) and rank == 0:
        encoded_stills(a.stills, vae.to(a.device).eval(), fixed_clip().to(a.device), data.canvas_bank(a.bank, a.canvases),
                       a.pictures, a.device)
    if dist.is_initialized():
        dist.barrier()
    stills = encoded_stills(a.stills, vae, None, None, 0, a.device)
    torch.manual_seed(a.seed)
    net = UNet(dict(UNET))
    head_start.start_as_still(net, scaling)
    head_start.listen(net)
    head_start.multiply(net, operator)
    gen = torch.Generator().manual_seed(a.seed)
    if not a.resume:
        pairs = (random_inputs(gen, stills, operator, 32) for _ in range(a.fit))
        rest = head_start.fit_time(net, pairs)
        if rank == 0:
            print("light, before training: %.3f of its variance is missed, weights %.3f" % (rest, net.down_blocks[1].attentions[0].temporal_transformer_blocks[0].ff.net[2].weight[4].abs().max()), flush=True)
    done = {"step": 0, "clips": 0, "seconds": 0.0, "log": []}
    ema, opt_state = copy.deepcopy(net), None
    if a.resume:
        state = torch.load(a.out, map_location="cpu")
        net.load_state_dict(state["net"])
        ema.load_state_dict(state["ema"])
        done, opt_state = state["done"], state["opt"]
    net.to(a.device).train()
    ema.to(a.device).eval()
    clock = [w for name, w in net.named_parameters() if name.startswith(head_start.CLOCK)]
    others = [w for name, w in net.named_parameters() if w.requires_grad and not name.startswith(head_start.CLOCK)]
    opt = torch.optim.Adam([{"params": clock}, {"params": others}], lr=a.lr, betas=(0.9, 0.99))
    if opt_state:
        opt.load_state_dict(opt_state)
    seed = a.seed + done["step"] + 1000003 * rank
    torch.manual_seed(seed)
    gen = torch.Generator().manual_seed(seed)
    sizes = [tuple(map(int, s.split("x"))) for s in a.sizes.split(",")]
    lengths = [int(f) for f in a.frames.split(",")]

    def average(spent):
        """Average the gradients over the processes; and the time spent, so that all stop at the same step."""
        if not dist.is_initialized():
            return spent
        grads = [w.grad for w in net.parameters() if w.grad is not None]
        flat = torch.cat([g.flatten() for g in grads] + [torch.tensor([spent], device=a.device)])
        dist.all_reduce(flat)
        flat /= dist.get_world_size()
        for g, part in zip(grads, flat[:-1].split([g.numel() for g in grads])):
            g.copy_(part.view_as(g))
        return flat[-1].item()

    def save():
        torch.save({"net": net.state_dict(), "ema": ema.state_dict(), "opt": opt.state_dict(), "scaling_factor": scaling,
                    "done": {**done, "seconds": done["seconds"] + time.time() - start}}, a.out + ".part")
        os.replace(a.out + ".part", a.out)

    start, step, spent, tally = time.time(), 0, 0.0, torch.zeros(2)
    while spent < 1:
        light_only = spent * a.minutes < a.light
        phase = spent * a.minutes / a.light if light_only else (spent * a.minutes - a.light) / (a.minutes - a.light)
        rate = a.lr * min(1, (step + 1) / 30) * (a.final + (1 - a.final) * (0.5 + 0.5 * math.cos(math.pi * min(1, phase))))
        opt.param_groups[0]["lr"] = rate
        opt.param_groups[1]["lr"] = 0.0 if light_only else a.rest * rate
        size, frames = sizes[step % len(sizes)], lengths[step // len(sizes) % len(lengths)]
        count = max(1, round(a.batch * 64 * 64 * 14 / (size[0] * size[1] * frames)))
        batch = {k: v.to(a.device) for k, v in make_batch(gen, stills, operator, count, frames, size).items()}
        clean = batch["clean"] * scaling
        low, high = map(math.log, SIGMAS)
        sigma = (low + (high - low) * torch.rand(count, device=a.device)).exp()
        noise = mark(torch.randn_like(clean), batch["white"])
        noisy = clean + sigma.view(-1, 1, 1, 1, 1) * noise
        c_skip, c_out, c_in, timestep = precondition(noisy, sigma)
        still = batch["condition"][:, None].expand_as(clean)
        with torch.autocast(a.device.split(":")[0], dtype=torch.bfloat16):
            out = net(torch.cat([noisy * c_in, still], 2), timestep, batch["context"], batch["ids"],
                      levels=1 if light_only else None).float()
        if light_only:                                      # the lowest level alone, told what the light is
            light = F.avg_pool2d(batch["light"], 2)
            loss = F.mse_loss(out[:, :, head_start.LIGHT], head_start.LOUD * light)
            wrong, whole = loss.detach(), (head_start.LOUD * light).square().mean()
        else:
            loss = F.mse_loss(out, (c_skip * noisy - clean) / -c_out)
            wrong, whole = F.mse_loss(c_skip * noisy + c_out * out.detach(), clean), F.mse_loss(still * scaling, clean)
        opt.zero_grad()
        loss.backward()
        for w in net.parameters():
            if w.requires_grad and w.grad is None and not light_only:
                w.grad = torch.zeros_like(w)
        spent = average((time.time() - start) / 60 / a.minutes)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        step += 1
        done["step"] += 1
        done["clips"] += count * (dist.get_world_size() if dist.is_initialized() else 1)
        weight = 1 - min(a.decay, (1 + done["step"]) / (10 + done["step"]))
        with torch.no_grad():
            for e, w in zip(ema.parameters(), net.parameters()):
                e.lerp_(w, weight)
            tally += torch.stack([wrong, whole]).cpu()
        if step % 25 == 0:
            row = [done["step"], done["clips"], round(done["seconds"] + time.time() - start), round((tally[0] / tally[1]).item(), 4)]
            done["log"].append(row)
            if rank == 0:
                print("step %d  clips %d  %d s  of a still video %.4f" % tuple(row), "(light)" if light_only else "", flush=True)
            tally.zero_()
        if rank == 0 and (step % 100 == 0 or spent >= 1):
            save()


if __name__ == "__main__":
    main()
