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


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--model", default="../public/models/svd-nano")
    p.add_argument("--photos", required=True, help="a folder of photographs")
    p.add_argument("--out", default="out")
    p.add_argument("--steps", type=int, default=4)
    p.add_argument("--height", type=int, default=144)
    p.add_argument("--width", type=int, default=256)
    p.add_argument("--few", type=int, default=6, help="photographs for the strips and the rows on motion")
    p.add_argument("--bfloat16", action="store_true", help="bfloat16 arithmetic, to save time")
    p.add_argument("--threads", type=int, default=0)
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    os.makedirs(a.out, exist_ok=True)
    judge = Judge(a.model, a.steps, a.bfloat16)
    paths = sorted(os.path.join(a.photos, f) for f in os.listdir(a.photos) if f.lower().endswith(PICTURES))
    few = paths[::max(1, len(paths) // a.few)][:a.few]

    def photo(path, height=a.height, width=a.width):
        return open_image(path, height, width)

    def row(name, text):
        print("| %s | %s |" % (name, text), flush=True)

    print("| measured on %d photographs, %dx%d, %d steps | |\n| --- | --- |" % (len(paths), a.width, a.height, a.steps))
    values = [psnr(photo(f), judge.through_vae(photo(f))) for f in paths]
    row("VAE, PSNR", "%.2f dB (%.2f .. %.2f)" % (mean(values), min(values), max(values)))
    first, blur, colour, moved = [], [], [], []
    for f in paths:
        x = photo(f)
        v = judge.frames(x, (0, 6, 13), motion=127, seed=0)
        first.append(psnr(v[:1], x))
        blur.append(sharpness(v[2:]) / sharpness(v[:1]))
        colour.append(colour_change(v[:1], v[1:2]))
        moved.append(light_change(v[:1], v[1:2]))
    row("first frame, PSNR to the input", "%.2f dB (%.2f .. %.2f)" % (mean(first), min(first), max(first)))
    row("last frame's sharpness over the first's, bucket 127", "%.2f (%.2f .. %.2f)" % (mean(blur), min(blur), max(blur)))
    row("light, frame 6 against frame 0, bucket 127", "%.3f" % mean(moved))
    row("colour shift of frame 6, of 255, bucket 127", "%.2f (at most %.2f)" % (mean(colour), max(colour)))
    motions = []
    for bucket in (1, 64, 127, 190, 255):
        pairs = [judge.frames(photo(f), (0, 6), motion=bucket, seed=s) for f in few for s in (1,)]
        motions.append(mean([light_change(v[:1], v[1:]) for v in pairs]))
    row("light, frame 6 against frame 0, buckets 1, 64, 127, 190, 255", ", ".join("%.3f" % m for m in motions))
    x = photo(few[0])
    same, other = (judge.frames(x, (6,), motion=200, seed=s) for s in (1, 2))
    row("frame 6, seed 1 against seed 2, bucket 200", "%.1f of 255" % ((same - other).abs().mean().item() * 127.5))
    for frames, height, width in ((25, 144, 256), (14, 256, 144), (14, 192, 192)):
        x = photo(few[-1], height, width)
        v = judge.frames(x, (0, 6, frames - 1), frames=frames, motion=127, seed=3)
        row("%dx%d, %d frames" % (width, height, frames), "first frame %.2f dB, sharpness last/first %.2f, light %.3f" % (
            psnr(v[:1], x), sharpness(v[2:]) / sharpness(v[:1]), light_change(v[:1], v[1:2])))
    for f in few:
        for bucket in (30, 127, 220):
            v = judge.frames(photo(f), (0, 3, 6, 9, 13), motion=bucket, seed=0)
            name = os.path.splitext(os.path.basename(f))[0]
            strip(photo(f), v).save(os.path.join(a.out, "%s-m%d.png" % (name, bucket)))


if __name__ == "__main__":
    main()
