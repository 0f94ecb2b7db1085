"""Image to video with a diffusers-style SVD repository.

    python sample.py --model ../public/models/svd-nano --image photo.jpg --out out --motion 127 --seed 0
"""
import argparse
import os
import subprocess

import numpy as np
import torch
from PIL import Image, ImageOps

from checkpoint import load_repo
from diffusion import sample
from train_unet import clip_pixels


def open_image(path, height, width):
    """Centre-cropped picture, (1, 3, height, width) in -1..1."""
    picture = ImageOps.fit(Image.open(path).convert("RGB"), (width, height), Image.LANCZOS)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 127.5 - 1


@torch.no_grad()
def draw_latents(nets, scheduler, image, frames=14, motion=127, fps=7, augmentation=0.02, seed=0, steps=8,
                 guidance=(1.0, 1.0)):
    """image (1, 3, H, W) in -1..1 -> the clip's latents (frames, C, h, w), ready for the VAE."""
    unet, vae, clip = nets
    gen = torch.Generator().manual_seed(seed)
    context = clip(clip_pixels(image))[:, None]
    condition = vae.encode(image + augmentation * torch.randn(image.shape, generator=gen)).float()
    noise = torch.randn(1, frames, *condition.shape[1:], generator=gen)
    ids = torch.tensor([[fps - 1.0, motion, augmentation]])
    latents = sample(unet, noise, condition, context, ids, steps, guidance, scheduler["sigma_min"], scheduler["sigma_max"])
    return latents[0] / vae.cfg["scaling_factor"]


@torch.no_grad()
def animate(nets, scheduler, image, **settings):
    """image (1, 3, H, W) -> frames (F, 3, H, W), both in -1..1."""
    latents = draw_latents(nets, scheduler, image, **settings)
    return nets[1].decode(latents, len(latents)).float().clamp(-1, 1)


def pixels(frames):
    """(F, 3, H, W) in -1..1 -> uint8 (F, H, W, 3)."""
    return ((frames + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()


def strip(image, frames):
    """The input and frames side by side, a PIL image."""
    return Image.fromarray(np.concatenate([pixels(image)[0], *pixels(frames)], 1))


def write_video(path, video, fps):
    """MP4 through the ffmpeg program."""
    data = pixels(video)
    command = ["ffmpeg", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s",
               "%dx%d" % (data.shape[2], data.shape[1]), "-r", str(fps), "-i", "-", "-pix_fmt", "yuv420p", "-crf", "18", path]
    subprocess.run(command, input=data.tobytes(), check=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--model", default="../public/models/svd-nano")
    p.add_argument("--image", required=True)
    p.add_argument("--out", default="out")
    p.add_argument("--height", type=int, default=144)
    p.add_argument("--width", type=int, default=256)
    p.add_argument("--frames", type=int, default=14)
    p.add_argument("--motion", type=int, default=127)
    p.add_argument("--fps", type=int, default=7)
    p.add_argument("--augmentation", type=float, default=0.02)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--steps", type=int, default=8)
    p.add_argument("--guidance", type=float, nargs=2, default=(1.0, 1.0), help="at the first and at the last frame")
    a = p.parse_args()
    image = open_image(a.image, a.height, a.width)
    nets, scheduler = load_repo(a.model)
    video = animate(nets, scheduler, image, frames=a.frames, motion=a.motion, fps=a.fps, augmentation=a.augmentation,
                    seed=a.seed, steps=a.steps, guidance=a.guidance)
    os.makedirs(a.out, exist_ok=True)
    name = os.path.join(a.out, os.path.splitext(os.path.basename(a.image))[0] + "-m%d-s%d" % (a.motion, a.seed))
    strip(image, video[[round(i * (a.frames - 1) / 4) for i in range(5)]]).save(name + ".png")
    write_video(name + ".mp4", video, a.fps)


if __name__ == "__main__":
    main()
