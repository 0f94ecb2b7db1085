"""Procedural pictures with roughly natural statistics, and camera moves over them.  Nothing is downloaded.

A *canvas* is one large picture: layered "dead leaves" (occluding blobs, boxes, strokes with power-law sizes),
1/f textures, sky-like gradients, ridge lines, text.  A *clip* is a camera path over a canvas.
"""
import math
import os

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFilter, ImageFont


# ------------------------------------------------------------------ canvases

def fractal(rng, size, beta):
    """(size, size) noise of spectrum 1/f^beta, zero mean, unit variance."""
    f = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]) + 1 / size
    spectrum = (rng.normal(size=f.shape) + 1j * rng.normal(size=f.shape)) / f ** (beta / 2)
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, (size, size))
    return (noise / noise.std()).astype(np.float32)


def palette(rng):
    """Five related colours, (5, 3) in 0..1: one hue family, one accent, as photographs tend to have."""
    base = rng.uniform(0.1, 0.9, 3) * 0.6 + rng.uniform(0.1, 0.8) * 0.4
    colours = np.clip(base + rng.normal(0, 0.16, (5, 3)) + rng.normal(0, 0.2, (5, 1)), 0, 1)
    if rng.random() < 0.6:
        colours[0] = rng.uniform(0, 1, 3)
    return colours


def leaf_outline(rng, kind, cx, cy, r):
    if kind == "blob":
        n = rng.integers(8, 16)
        radius = r * (1 + rng.uniform(0, 0.35) * rng.normal(size=n)).clip(0.3, 1.8)
        a = np.arange(n) * 2 * np.pi / n
    elif kind == "poly":
        n = rng.integers(3, 7)
        radius = r * rng.uniform(0.5, 1.2, n)
        a = np.sort(rng.uniform(0, 2 * np.pi, n))
    else:                                                   # box or stroke
        aspect = rng.uniform(0.3, 1) if kind == "box" else rng.uniform(0.03, 0.12)
        half = math.atan(aspect)
        a = np.array([half, np.pi - half, np.pi + half, -half]) + rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)])
        radius = np.full(4, r * (1.2 if kind == "box" else 2.5))
    return [(cx + q * math.cos(t), cy + q * math.sin(t)) for q, t in zip(radius, a)]


def make_canvas(rng, size=512):
    """One picture, uint8 (3, size, size)."""
    big = size
    colours = palette(rng)
    tex = [fractal(rng, big, rng.uniform(1.4, 3.0)) for _ in range(3)]
    yy = np.linspace(0, 1, big, dtype=np.float32)[:, None]
    xx = np.linspace(0, 1, big, dtype=np.float32)[None]

    def shade(colour, strength):
        """Colour with a linear light gradient and a texture, (big, big, 3) in 0..1."""
        light = rng.normal(0, 0.25) * (yy - 0.5) + rng.normal(0, 0.25) * (xx - 0.5)
        t = tex[rng.integers(3)] * strength
        tint = rng.normal(0, 0.15, 3) + 1
        return np.clip(colour[None, None] + light[..., None] + t[..., None] * tint, 0, 1)

    img = shade(colours[rng.integers(5)], rng.uniform(0.0, 0.2))
    if rng.random() < 0.5:                                  # sky, ridges, ground
        img = img * 0.3 + 0.7 * (colours[1] * (1 - yy[..., None]) + colours[2] * yy[..., None])
        for k in range(rng.integers(1, 5)):
            ridge = fractal(rng, big, 2.6)[0] * rng.uniform(0.01, 0.07) + rng.uniform(0.35, 0.9)
            layer = shade(colours[rng.integers(5)] * rng.uniform(0.5, 1), rng.uniform(0.02, 0.2))
            img = np.where((yy > ridge[None])[..., None], layer, img)
    img = Image.fromarray((img * 255).astype(np.uint8))
    skins = [Image.fromarray((shade(colours[i % 5], rng.uniform(0, 0.18)) * 255).astype(np.uint8)) for i in range(6)]
    kinds = rng.choice(["blob", "poly", "box", "stroke"], 3)
    count = int(rng.choice([0, 12, 60, 200], p=[0.08, 0.27, 0.4, 0.25]))
    largest, horizon = rng.uniform(0.06, 0.3), rng.uniform(-0.2, 0.8)
    for _ in range(count):
        r = big * max(0.006, largest * rng.uniform(0.02, 1) ** 1.5)
        cx, cy = rng.uniform(0, big), big * rng.uniform(max(horizon, 0), 1)
        outline = leaf_outline(rng, rng.choice(kinds), cx, cy, r)
        xs, ys = zip(*outline)
        x0, y0, x1, y1 = max(int(min(xs)) - 3, 0), max(int(min(ys)) - 3, 0), min(int(max(xs)) + 4, big), min(int(max(ys)) + 4, big)
        if x1 <= x0 or y1 <= y0:
            continue
        mask = Image.new("L", (x1 - x0, y1 - y0))
        ImageDraw.Draw(mask).polygon([(x - x0, y - y0) for x, y in outline], fill=255)
        if rng.random() < 0.6:
            mask = mask.filter(ImageFilter.GaussianBlur(float(rng.choice([0.6, 1, 3]))))
        img.paste(skins[rng.integers(6)].crop((x0, y0, x1, y1)), (x0, y0), mask)
    if rng.random() < 0.3:
        draw = ImageDraw.Draw(img)
        for _ in range(rng.integers(1, 8)):
            font = ImageFont.load_default(int(rng.integers(12, 80)))
            text = "".join(chr(rng.integers(33, 123)) for _ in range(rng.integers(2, 14)))
            draw.text((rng.uniform(-50, big), rng.uniform(0, big)), text, font=font,
                      fill=tuple(int(v * 255) for v in colours[rng.integers(5)]))
    if rng.random() < 0.2:
        img = img.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 3)))
    out = np.asarray(img, np.float32) / 255
    out = out + rng.uniform(0, 0.85) * (out.mean(-1, keepdims=True) - out)          # photographs are seldom garish
    out = np.clip((out - 0.5) * rng.uniform(0.8, 1.5) + 0.5 + rng.normal(0, 0.06), 0, 1) ** rng.uniform(0.7, 1.4)
    out += rng.normal(size=(big, big, 1)).astype(np.float32) * rng.choice([0, 0.01, 0.03])      # film grain
    return torch.from_numpy((out.clip(0, 1) * 255).astype(np.uint8)).permute(2, 0, 1).contiguous()


def canvas_bank(path, count, seed=0, size=512):
    """The canvases, uint8 (count, 3, size, size); made once and kept at `path`."""
    if os.path.exists(path):
        return torch.load(path)
    bank = torch.stack([make_canvas(np.random.default_rng([seed, i]), size) for i in range(count)])
    torch.save(bank, path)
    return bank


# ------------------------------------------------------------------ looking at a canvas

def look(bank, index, grids, height, width):
    """Sample canvases through grids (N, 2*height, 2*width, 2) in -1..1; 2x2 averaged.  -> (N, 3, height, width) in -1..1."""
    x = F.grid_sample(bank[index].float() / 127.5 - 1, grids, mode="bilinear", padding_mode="reflection", align_corners=False)
    return F.avg_pool2d(x, 2)


def pixel_grid(height, width):
    """Centred pixel coordinates of the 2x supersampled frame, (2*height, 2*width, 2) in output pixels, (x, y)."""
    y = (torch.arange(2 * height) + 0.5) / 2 - height / 2
    x = (torch.arange(2 * width) + 0.5) / 2 - width / 2
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)


def random_view(gen, bank, height, width):
    """A place to look: canvas index, 2x2 matrix and offset from output pixels to grid_sample units."""
    size = bank.shape[-1]
    scale = 0.6 + 1.3 * torch.rand(1, generator=gen).item()          # canvas pixels per output pixel
    scale = min(scale, 0.98 * size / max(height, width))
    turn = 0.15 * torch.randn(1, generator=gen).item()
    flip = 1.0 if torch.rand(1, generator=gen).item() < 0.5 else -1.0
    c, s = math.cos(turn), math.sin(turn)
    matrix = torch.tensor([[c * flip, -s], [s * flip, c]]) * scale * 2 / size
    room = torch.tensor([1 - width * scale / size, 1 - height * scale / size]).clamp(min=0)
    centre = (torch.rand(2, generator=gen) * 2 - 1) * room
    return int(torch.randint(len(bank), (1,), generator=gen)), matrix, centre


def images(gen, bank, count, height, width):
    """Still pictures for the VAE, (count, 3, height, width) in -1..1."""
    base, out = pixel_grid(height, width), []
    for _ in range(count):
        i, m, c = random_view(gen, bank, height, width)
        out.append(look(bank, [i], (base @ m.T + c)[None], height, width))
    return torch.cat(out)


# ------------------------------------------------------------------ motion

LIGHT = 0.2             # at bucket 255 the brightness varies by up to twice this (standard deviation)
TURNS = 0.45            # at every place the light goes up and down this often a second
SMOOTH = 2.45           # radius (standard deviation) of the smoothing that makes fields of white noise, in latents
CELL = 8                # pixels a latent
PLANES = 2              # white planes that define a motion


def smooth_fields(white):
    """White noise (..., h, w), one value a latent, -> smooth fields of about unit variance in the same shape."""
    r = round(3 * SMOOTH)
    k = torch.exp(-torch.arange(-r, r + 1).float() ** 2 / (2 * SMOOTH ** 2))
    k = k / k.square().sum().sqrt()                     # keeps the variance
    x = white.reshape(-1, 1, *white.shape[-2:])
    x = F.conv2d(F.conv2d(x, k.view(1, 1, 1, -1), padding=(0, r)), k.view(1, 1, -1, 1), padding=(r, 0))
    return x.view(white.shape)


def waves(white, frames, fps):
    """Two white planes (2, h, w) -> light (frames, h, w): at every place a wave that starts at zero.

    The smooth fields give the wave's two quadratures. Their phase varies from place to place, so crests of light
    travel, each in its own direction. Longer clips are lit more gently, as the means in their noise are smaller.
    """
    a, b = smooth_fields(white)
    angle = (2 * math.pi * TURNS / fps * torch.arange(frames, dtype=torch.float32)).view(-1, 1, 1)
    return ((angle.cos() - 1) * a + angle.sin() * b) * (14 / frames) ** 0.5


def random_motion(gen):
    """fps, motion bucket."""
    fps = 7 if torch.rand(1, generator=gen) < 0.6 else int(torch.randint(5, 17, (1,), generator=gen))
    return fps, int(torch.randint(1, 256, (1,), generator=gen))


def lay(still, light):
    """Light (frames, h, w) over a picture (1, 3, height, width) in -1..1: (frames, 3, height, width)."""
    light = F.interpolate(light[:, None], scale_factor=CELL, mode="bicubic", align_corners=False)
    return ((still + 1) * (1 + light) - 1).clamp(-1, 1)


def animate(still, white, frames, fps, bucket):
    """The clip (frames, 3, height, width) that two white planes make of a picture (1, 3, height, width), in -1..1."""
    return lay(still, LIGHT * bucket / 255 * waves(white, frames, fps))


def clip(gen, bank, frames, height, width):
    """A random clip (frames, 3, height, width), its white planes (2, h, w), and (fps, bucket)."""
    white = torch.randn(PLANES, height // CELL, width // CELL, generator=gen)
    fps, bucket = random_motion(gen)
    return animate(images(gen, bank, 1, height, width), white, frames, fps, bucket), white, (fps, bucket)
