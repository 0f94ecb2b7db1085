"""Measure a repository on photographs it never saw: prints the table of the model card, writes sample strips.

    python evaluate.py --model ../public/models/svd-nano --photos DIR --out out
"""
import argparse
import os

import torch
import torch.nn.functional as F

from checkpoint import load_repo
from sample import draw_latents, open_image, strip

PICTURES = (".jpg", ".jpeg", ".png", ".webp")
BUCKETS = (1, 64, 127, 190, 255)
SHAPES = ((14, 144, 256), (25, 144, 256), (14, 256, 144), (14, 192, 192))        # frames, height, width


def psnr(a, b):
    """Of two pictures in -1..1, in dB."""
    return -10 * (a - b).square().mean().div(4).log10().item()


def sharpness(x):
    """Variance of the Laplacian of the luminance of one picture (1, 3, H, W)."""
    y = x.mean(1)
    return (4 * y[:, 1:-1, 1:-1] - y[:, :-2, 1:-1] - y[:, 2:, 1:-1] - y[:, 1:-1, :-2] - y[:, 1:-1, 2:]).var().item()


def light_change(first, other):
    """Root mean square, over 16-pixel cells, of ln(brightness of `other` / brightness of `first`)."""
    a, b = (F.avg_pool2d(x.mean(1, keepdim=True) + 1, 16) for x in (first, other))
    return ((b + 0.05) / (a + 0.05)).log().square().mean().sqrt().item()


def colour_change(first, other):
    """Mean change of 16-pixel cells' colour (their red, green, blue over the sum of the three), times 255."""
    a, b = (F.avg_pool2d(x + 1.1, 16) for x in (first, other))
    return (b / b.sum(1, keepdim=True) - a / a.sum(1, keepdim=True)).abs().mean().item() * 255


def mean(values):
    return sum(values) / len(values)


def spread(values, digits=2):
    """Mean and range, as text."""
    return "%.*f (%.*f .. %.*f)" % (digits, mean(values), digits, min(values), digits, max(values))


class Judge:
    """Draws clips with one repository. Only the frames asked for are decoded: the decoder's time layers are neutral."""

    def __init__(self, folder, steps, bfloat16):
        self.nets, self.scheduler = load_repo(folder)
        self.steps, self.bfloat16 = steps, bfloat16

    @torch.no_grad()
    def frames(self, image, picks, **settings):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bfloat16):
            z = draw_latents(self.nets, self.scheduler, image, steps=self.steps, **settings)[list(picks)]
            return torch.cat([self.nets[1].decode(one[None], 1).float() for one in z]).clamp(-1, 1)

    @torch.no_grad()
    def through_vae(self, image):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bfloat16):
            vae = self.nets[1]
            return vae.decode(vae.encode(image).float(), 1).float().clamp(-1, 1)


def table(judge, photos, few, exact, height, width):
    """Yields (what, figure) for paths of photographs; `few` of them for the sizes, `exact` judges float32 weights."""
    pictures = [open_image(f, height, width) for f in photos]
    yield "VAE, PSNR", spread([psnr(x, judge.through_vae(x)) for x in pictures]) + " dB"
    first, blur, colour, light = [], [], [], {b: [] for b in BUCKETS}
    for seed, x in enumerate(pictures):
        for bucket in BUCKETS:
            v = judge.frames(x, (0, 6, 13) if bucket == 127 else (0, 6), motion=bucket, seed=seed)
            light[bucket].append(light_change(v[:1], v[1:2]))
            if bucket == 127:
                first.append(psnr(v[:1], x))
                blur.append(sharpness(v[2:]) / sharpness(v[:1]))
                colour.append(colour_change(v[:1], v[1:2]))
    yield "first frame, PSNR to the input", spread(first) + " dB"
    yield "sharpness, last frame over first", spread(blur)
    yield "light, buckets %s" % ", ".join(map(str, BUCKETS)), ", ".join("%.3f" % mean(light[b]) for b in BUCKETS)
    yield "colour shift of frame 6, of 255", spread(colour)
    seeds = [[judge.frames(open_image(f, height, width), (6,), motion=200, seed=s) for s in (1, 2)] for f in few]
    yield "frame 6, seed 1 against seed 2, bucket 200", spread([(a - b).abs().mean().item() * 127.5 for a, b in seeds], 1) + " of 255"
    for frames, h, w in SHAPES:
        clips = [(x, judge.frames(x, (0, frames // 2, frames - 1), frames=frames, seed=3)) for x in (open_image(f, h, w) for f in few)]
        yield "%dx%d, %d frames" % (w, h, frames), "first frame %.2f dB, sharpness %.2f, light %.3f" % (
            mean([psnr(v[:1], x) for x, v in clips]), mean([sharpness(v[2:]) / sharpness(v[:1]) for _, v in clips]),
            mean([light_change(v[:1], v[1:2]) for _, v in clips]))
    if exact:
        x = open_image(few[0], height, width)
        judge.bfloat16 = exact.bfloat16 = False             # its rounding would hide the weights'
        rough, fine = (j.frames(x, (0, 6, 13), motion=200, seed=0) for j in (judge, exact))
        yield "float16 against float32 weights, frames 0, 6, 13", "at most %.2f of 255" % ((rough - fine).abs().max().item() * 127.5)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--model", default="../public/models/svd-nano")
    p.add_argument("--float32", help="the same model with float32 weights (checkpoint.py --float32), to compare with")
    p.add_argument("--photos", required=True, help="a folder of photographs")
    p.add_argument("--out", default="out")
    p.add_argument("--steps", type=int, default=4)
    p.add_argument("--height", type=int, default=144)
    p.add_argument("--width", type=int, default=256)
    p.add_argument("--few", type=int, default=6, help="photographs for the strips, the seeds and the sizes")
    p.add_argument("--bfloat16", action="store_true", help="bfloat16 arithmetic, to save time")
    p.add_argument("--threads", type=int, default=0)
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    os.makedirs(a.out, exist_ok=True)
    judge = Judge(a.model, a.steps, a.bfloat16)
    exact = Judge(a.float32, a.steps, a.bfloat16) if a.float32 else None
    photos = sorted(os.path.join(a.photos, f) for f in os.listdir(a.photos) if f.lower().endswith(PICTURES))
    few = photos[::max(1, len(photos) // a.few)][:a.few]
    print("| %d photographs, %dx%d, %d steps | |\n| --- | --- |" % (len(photos), a.width, a.height, a.steps))
    for row in table(judge, photos, few, exact, a.height, a.width):
        print("| %s | %s |" % row, flush=True)
    for f in few:
        for bucket in (30, 127, 220):
            x, name = open_image(f, a.height, a.width), os.path.splitext(os.path.basename(f))[0]
            strip(x, judge.frames(x, (0, 6, 13), motion=bucket, seed=0)).save(os.path.join(a.out, "%s-m%d.png" % (name, bucket)))


if __name__ == "__main__":
    main()
