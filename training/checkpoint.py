"""Read and write the networks as a diffusers repository (safetensors, written here byte by byte)."""
import argparse
import json
import os

import numpy as np
import torch

from model import CLIP, CLIPVision, FEATURE_EXTRACTOR, SCHEDULER, UNET, UNet, VAE, VAE_CFG

PARTS = {                       # folder: (class, config file, weight file)
    "unet": (UNet, "config.json", "diffusion_pytorch_model.fp16.safetensors"),
    "vae": (VAE, "config.json", "diffusion_pytorch_model.fp16.safetensors"),
    "image_encoder": (CLIPVision, "config.json", "model.fp16.safetensors"),
}
INDEX = {
    "_class_name": "StableVideoDiffusionPipeline", "_diffusers_version": "0.24.0.dev0",
    "feature_extractor": ["transformers", "CLIPImageProcessor"],
    "image_encoder": ["transformers", "CLIPVisionModelWithProjection"],
    "scheduler": ["diffusers", "EulerDiscreteScheduler"],
    "unet": ["diffusers", "UNetSpatioTemporalConditionModel"],
    "vae": ["diffusers", "AutoencoderKLTemporalDecoder"],
}


def save_safetensors(path, tensors, dtype=np.float16):
    """8 bytes of header length, a JSON header (name -> dtype, shape, byte range), then the raw tensors."""
    header, offset, blobs = {"__metadata__": {"format": "pt"}}, 0, []
    for name in sorted(tensors):
        data = np.ascontiguousarray(tensors[name].detach().float().cpu().numpy().astype(dtype))
        header[name] = {"dtype": {2: "F16", 4: "F32"}[data.itemsize], "shape": list(data.shape),
                        "data_offsets": [offset, offset + data.nbytes]}
        offset += data.nbytes
        blobs.append(data.tobytes())
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text + b"".join(blobs))


def load_safetensors(path):
    """Name -> float32 tensor."""
    raw = open(path, "rb").read()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + size])
    kinds = {"F16": np.float16, "F32": np.float32}
    return {name: torch.from_numpy(np.frombuffer(raw[8 + size:][slice(*e["data_offsets"])], kinds[e["dtype"]])
                                   .reshape(e["shape"]).astype(np.float32))
            for name, e in header.items() if name != "__metadata__"}


def write_json(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        json.dump(value, f, indent=2)
        f.write("\n")


def save_repo(folder, unet, vae, clip, dtype=np.float16):
    for name, net in (("unet", unet), ("vae", vae), ("image_encoder", clip)):
        _, config, weights = PARTS[name]
        write_json(os.path.join(folder, name, config), net.cfg)
        save_safetensors(os.path.join(folder, name, weights), net.state_dict(), dtype)
    write_json(os.path.join(folder, "scheduler", "scheduler_config.json"), SCHEDULER)
    write_json(os.path.join(folder, "feature_extractor", "preprocessor_config.json"), FEATURE_EXTRACTOR)
    write_json(os.path.join(folder, "model_index.json"), INDEX)


def load_repo(folder):
    """(unet, vae, clip), float32, in eval mode, and the scheduler's config."""
    nets = []
    for name, (kind, config, weights) in PARTS.items():
        net = kind(json.load(open(os.path.join(folder, name, config))))
        net.load_state_dict(load_safetensors(os.path.join(folder, name, weights)))
        nets.append(net.eval())
    return nets, json.load(open(os.path.join(folder, "scheduler", "scheduler_config.json")))


def main():
    p = argparse.ArgumentParser(description="Export training states as a diffusers repository.")
    p.add_argument("--vae", default="work/vae.pt")
    p.add_argument("--unet", default="work/unet.pt")
    p.add_argument("--out", default="../public/models/svd-nano")
    p.add_argument("--float32", action="store_true")
    a = p.parse_args()
    from train_unet import fixed_clip

    state, vae_state = torch.load(a.unet, map_location="cpu"), torch.load(a.vae, map_location="cpu")
    vae = VAE(dict(VAE_CFG, scaling_factor=vae_state["scaling_factor"]))
    vae.load_state_dict(vae_state["ema"])
    unet = UNet(dict(UNET))
    unet.load_state_dict(state["ema"])
    save_repo(a.out, unet, vae, fixed_clip(), np.float32 if a.float32 else np.float16)


if __name__ == "__main__":
    main()
