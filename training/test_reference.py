"""Compare these modules with the reference outputs of diffusers on its tiny random checkpoint.

    python test_reference.py [--reference ../reference]
"""
import argparse
import json
import os

import torch

from checkpoint import PARTS, load_safetensors
from diffusion import karras_sigmas


def load(folder, name):
    kind, config, weights = PARTS[name]
    net = kind(json.load(open(os.path.join(folder, "tiny", name, config))))
    net.load_state_dict(load_safetensors(os.path.join(folder, "tiny", name, weights.replace(".fp16", ""))), strict=True)
    return net.eval()


def check(name, ours, theirs, limit):
    error = ((ours - theirs).abs().max() / theirs.abs().max()).item()
    print("%-32s %.1e  %s" % (name, error, "ok" if error < limit else "WRONG"))
    return error < limit


@torch.no_grad()
def main():
    p = argparse.ArgumentParser()
    p.add_argument("--reference", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "../reference"))
    a = p.parse_args()
    stage = lambda n: load_safetensors(os.path.join(a.reference, "stages", n + ".safetensors"))
    fine = []
    unet = load(a.reference, "unet")
    for n in sorted(os.listdir(os.path.join(a.reference, "stages"))):
        if n.startswith("unet_"):
            s = stage(n[:-len(".safetensors")])
            out = unet(s["sample"], s["timestep"], s["encoder_hidden_states"], s["added_time_ids"])
            fine.append(check(n, out, s["output"], 1e-5))
    vae = load(a.reference, "vae")
    s = stage("vae_decode")
    fine.append(check("vae_decode", vae.decode(s["z_unscaled"], len(s["z_unscaled"])), s["frames"], 1e-5))
    s = stage("vae_encode_noise0.02")
    fine.append(check("vae_encode", vae.encode(s["noised_image"]), s["latents_mode"], 3e-5))
    clip, pictures, s = load(a.reference, "image_encoder"), stage("preprocess"), stage("clip")
    for n in ("128x64", "300x200", "700x420"):
        fine.append(check("clip " + n, clip(pictures[n + ".pixel_values"]), s[n + ".image_embeds"], 5e-6))
    euler = json.load(open(os.path.join(a.reference, "scheduler", "euler.json")))
    for steps, run in euler["runs"].items():
        if int(steps) > 1:
            fine.append(check("sigmas %s" % steps, karras_sigmas(int(steps)), torch.tensor(run["sigmas"]), 1e-6))
    raise SystemExit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()
