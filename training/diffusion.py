"""The noise process of SVD: EDM preconditioning for training, Euler steps over Karras sigmas for sampling."""
import torch


def precondition(x, sigma):
    """Scalings (c_skip, c_out, c_in) and the UNet's timestep for noise level sigma, broadcast against x."""
    s = sigma.view(-1, *[1] * (x.ndim - 1))
    root = (s * s + 1).sqrt()
    return 1 / (s * s + 1), -s / root, 1 / root, 0.25 * sigma.log()


def denoise(unet, x, sigma, condition, context, time_ids):
    """x (B, F, 4, h, w) = clean + sigma * noise  ->  the UNet's estimate of the clean latents."""
    c_skip, c_out, c_in, timestep = precondition(x, sigma)
    v = unet(torch.cat([x * c_in, condition], 2), timestep, context, time_ids).float()
    return c_skip * x + c_out * v


def karras_sigmas(steps, sigma_min=0.002, sigma_max=700.0, rho=7.0):
    """(steps + 1,) noise levels from sigma_max to sigma_min, then 0."""
    ramp = torch.linspace(0, 1, steps, dtype=torch.float64)
    low, high = sigma_min ** (1 / rho), sigma_max ** (1 / rho)
    return torch.cat([(high + ramp * (low - high)) ** rho, torch.zeros(1, dtype=torch.float64)]).float()


@torch.no_grad()
def sample(unet, noise, condition, context, time_ids, steps=8, guidance=(1.0, 1.0), sigma_min=0.002, sigma_max=700.0):
    """Deterministic Euler sampling.

    noise (1, F, 4, h, w) standard normal; condition (1, 4, h, w) latents of the image, unscaled; context (1, 1, D);
    guidance: scale at the first and at the last frame, 1 = none.  Returns scaled latents (1, F, 4, h, w).
    """
    frames = noise.shape[1]
    condition = condition[:, None].expand(-1, frames, -1, -1, -1)
    sigmas = karras_sigmas(steps, sigma_min, sigma_max)
    x = noise * (sigmas[0] ** 2 + 1) ** 0.5
    scale = torch.linspace(*guidance, frames).view(1, -1, 1, 1, 1)
    for here, there in zip(sigmas[:-1], sigmas[1:]):
        clean = denoise(unet, x, here[None], condition, context, time_ids)
        if max(guidance) > 1:
            blind = denoise(unet, x, here[None], condition * 0, context * 0, time_ids)
            clean = blind + scale * (clean - blind)
        x = x + (x - clean) / here * (there - here)
    return x


def mark(noise, white):
    """Make standard normal noise (B, F, C, h, w) carry white planes (B, P, h, w): they become the means over the
    frames, times sqrt(F), of its first P channels.

    White planes are standard normal too, so the result is: a sampler that starts from plain noise draws plain random
    motion.  Noise and motion are merely paired in training (a coupling, as in optimal-transport flow matching): the
    seed decides the motion from the first step on, and few steps suffice.
    """
    planes = white.shape[1]
    shift = white / noise.shape[1] ** 0.5 - noise[:, :, :planes].mean(1)
    return torch.cat([noise[:, :, :planes] + shift[:, None], noise[:, :, planes:]], 2)
