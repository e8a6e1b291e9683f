"""A painting as a film might show it, in batches: part of it, mirrored, graded, out of focus, with grain and bars.

Pictures are squares, squashed from whatever shape they had; `aspects` (width / height) says which. So is what comes
out, because that is what the encoder sees of a film's frame. All sizes of windows are shares of the picture.

What is drawn at random comes from a generator on the CPU, so that the same seed means the same renditions on any
device; grain alone is drawn where the pictures are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor

FORMATS = (16 / 9, 1.85, 2.39, 1.37)
"""Width to height of a film's picture: television, two of the cinema's, Academy."""
_FORMAT_SHARES = (0.45, 0.15, 0.2, 0.2)

MONOCHROME = 0.06
SOFT = 0.3
BARS = 0.06
"""Shares of renditions, at full strength, that are black and white, out of focus, or keep a strip of the bars."""


@dataclass(frozen=True, slots=True)
class Windows:
    """A part of each picture of a batch, and whether it is seen in a mirror.

    Attributes:
        box: (n, 4) left, top, width, height as shares of the picture.
        mirrored: (n,) bool.
    """

    box: Tensor
    mirrored: Tensor

    @staticmethod
    def whole(count: int) -> Windows:
        import torch

        box = torch.tensor([0.0, 0.0, 1.0, 1.0]).expand(count, 4)
        return Windows(box, torch.zeros(count, dtype=torch.bool))

    @staticmethod
    def parts(count: int, *, least: float, mirrored: float, generator: torch.Generator) -> Windows:
        """Windows that keep the picture's shape.

        Args:
            least: the smallest width, of 1; the largest is the whole.
            mirrored: share of them that are.
        """
        import torch

        size = _uniform(count, least, 1.0, generator)
        corner = torch.rand(count, 2, generator=generator) * (1 - size)[:, None]
        flipped = torch.rand(count, generator=generator) < mirrored
        return Windows(torch.cat([corner, size[:, None].expand(count, 2)], dim=1), flipped)

    def first(self, count: int) -> Windows:
        """The first `count` of them."""
        return Windows(self.box[:count], self.mirrored[:count])

    def within(self, outer: Windows) -> Windows:
        """These windows as windows of the pictures that `outer` are windows of."""
        import torch

        left, top, width, height = self.box.unbind(1)
        left = torch.where(outer.mirrored, 1 - left - width, left)
        x, y, w, h = outer.box.unbind(1)
        box = torch.stack([x + left * w, y + top * h, width * w, height * h], dim=1)
        return Windows(box, self.mirrored ^ outer.mirrored)


def film_windows(aspects: Tensor, strength: Tensor, generator: torch.Generator) -> Windows:
    """What a film's frame takes in of each picture: a window of a film's format.

    Args:
        aspects, strength: (n,). At strength 0 the widest that fits, nearly; at 1 down to 45 % of the picture.
    """
    import torch

    count = len(aspects)
    kinds = torch.multinomial(torch.tensor(_FORMAT_SHARES), count, replacement=True, generator=generator)
    formats = torch.tensor(FORMATS)[kinds]
    size = 0.97 - torch.rand(count, generator=generator) * (0.02 + 0.5 * strength)
    width, height = size, size * aspects / formats
    too_high = height > size
    width = torch.where(too_high, size * formats / aspects, width)
    height = torch.where(too_high, size, height)
    corner = torch.rand(count, 2, generator=generator) * torch.stack([1 - width, 1 - height], dim=1)
    mirrored = torch.rand(count, generator=generator) < 0.3 * strength
    return Windows(torch.cat([corner, torch.stack([width, height], dim=1)], dim=1), mirrored)


def seen(pictures: Tensor, windows: Windows, side_px: int) -> Tensor:
    """Windows of pictures (n, 3, s, s), squashed to (n, 3, side_px, side_px)."""
    import torch
    from torch.nn import functional

    left, top, width, height = windows.box.unbind(1)
    sign = torch.where(windows.mirrored, -1.0, 1.0)
    theta = torch.zeros(len(pictures), 2, 3)
    theta[:, 0, 0], theta[:, 0, 2] = width * sign, 2 * left + width - 1
    theta[:, 1, 1], theta[:, 1, 2] = height, 2 * top + height - 1
    grid = functional.affine_grid(theta.to(pictures.device), [len(pictures), 3, side_px, side_px], align_corners=False)
    return functional.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)


def recolour(count: int, share: float, generator: torch.Generator) -> Tensor:
    """Matrices (n, 3, 3) that turn the colours of some pictures about the grey axis: other pictures of the same make.

    Args:
        share: of the pictures that are changed; the others keep their colours.
    """
    import torch

    angle = (torch.rand(count, generator=generator) * 2 - 1) * math.pi
    angle = torch.where(torch.rand(count, generator=generator) < share, angle, 0.0)
    cos, sin = torch.cos(angle), torch.sin(angle)
    third, root = (1 - cos) / 3, sin / math.sqrt(3)
    rows = [cos + third, third - root, third + root, third + root, cos + third, third - root, third - root]
    return torch.stack([*rows, third + root, cos + third], dim=1).view(count, 3, 3)


def coloured(pictures: Tensor, matrices: Tensor) -> Tensor:
    """Pictures (n, 3, s, s) with each colour multiplied by its picture's matrix (n, 3, 3)."""
    import torch

    return torch.einsum("nij,njhw->nihw", matrices.to(pictures.device), pictures).clamp_(0, 1)


def graded(pictures: Tensor, strength: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures (n, 3, s, s), 0..1, under a film's look: contrast, exposure, cast, muted colours, focus, vignette,
    grain, and what is left of bars. `strength` (n,) scales all of them."""
    import torch

    count, side_px = len(pictures), pictures.shape[-1]
    device = pictures.device
    contrast = 1 + strength * _uniform(count, -0.25, 0.3, generator)
    gain = 1 + strength * _uniform(count, -0.35, 0.2, generator)
    cast = 1 + strength[:, None] * (torch.rand(count, 3, generator=generator) * 0.44 - 0.22)
    lift = strength * _uniform(count, -0.05, 0.05, generator)
    muted = strength * _uniform(count, 0, 0.6, generator)
    muted = torch.where(torch.rand(count, generator=generator) < MONOCHROME * strength, 1.0, muted)
    # One affine map of colours: contrast about the middle, gain and cast, lift, then so far towards grey.
    slope = contrast[:, None] * gain[:, None] * cast
    offset = (0.5 - 0.5 * contrast)[:, None] * gain[:, None] * cast + lift[:, None]
    towards_grey = torch.eye(3) * (1 - muted)[:, None, None] + muted[:, None, None] / 3
    matrix = towards_grey * slope[:, None, :]
    shift = (towards_grey @ offset[:, :, None])[:, :, 0]
    out = torch.einsum("nij,njhw->nihw", matrix.to(device), pictures)
    out = out + shift.to(device)[:, :, None, None]

    soft = torch.rand(count, generator=generator) < SOFT * strength
    sigma = _uniform(count, 0.3, 1.6, generator) * side_px / 128
    if bool(soft.any()):
        chosen = soft.nonzero()[:, 0].to(device)
        out = out.index_copy(0, chosen, _blurred(out[chosen], sigma[soft]))

    axis = torch.linspace(-1, 1, side_px, device=device)
    falloff = axis[None, :] ** 2 + axis[:, None] ** 2
    depth = strength * _uniform(count, 0.0, 0.3, generator)
    out = out * (1 - depth.to(device)[:, None, None, None] * falloff)
    grain = _uniform(count, 0.0, 0.02, generator).to(device)
    noise = torch.randn(count, 1, side_px, side_px, device=device, generator=_like(generator, device))
    out = out + noise * grain[:, None, None, None]

    bars = torch.where(
        torch.rand(count, generator=generator) < BARS * strength, _uniform(count, 0.01, 0.08, generator), 0.0
    ).to(device)
    rows = (axis.abs()[None, :] <= 1 - 2 * bars[:, None]).to(out.dtype)
    return (out * rows[:, None, :, None]).clamp_(0, 1)


def film_like(
    pictures: Tensor, aspects: Tensor, *, side_px: int, strength: float | Tensor, generator: torch.Generator
) -> Tensor:
    """A rendition of each picture: (n, 3, s, s) in 0..1 to (n, 3, side_px, side_px) in 0..1.

    Args:
        aspects: (n,) width / height that the pictures had before they were squashed.
        strength: 0 gentle to 1 hard, for all or for each (n,).
    """
    import torch

    strengths = torch.as_tensor(strength, dtype=torch.float32).expand(len(pictures))
    windows = film_windows(aspects, strengths, generator)
    return graded(seen(pictures, windows, side_px), strengths, generator)


def _uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    import torch

    return low + (high - low) * torch.rand(count, generator=generator)


def _like(generator: torch.Generator, device: torch.device) -> torch.Generator:
    """A generator for that device, which goes on from the given one."""
    import torch

    if device.type == "cpu":
        return generator
    seed = int(torch.randint(2**62, (1,), generator=generator))
    return torch.Generator(device).manual_seed(seed)


def _blurred(pictures: Tensor, sigma: Tensor) -> Tensor:
    """Gaussian blur, each picture by its own sigma in pixels."""
    import torch
    from torch.nn import functional

    count, channels, height, width = pictures.shape
    reach = max(1, math.ceil(2.5 * float(sigma.max())))
    steps = torch.arange(-reach, reach + 1)
    kernel = torch.exp(-0.5 * (steps[None, :] / sigma[:, None]) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(channels, 0).to(pictures.device)
    flat = pictures.reshape(1, count * channels, height, width)
    flat = functional.pad(flat, (reach, reach, reach, reach), mode="replicate")
    flat = functional.conv2d(flat, kernel[:, None, None, :], groups=count * channels)
    flat = functional.conv2d(flat, kernel[:, None, :, None], groups=count * channels)
    return flat.reshape(count, channels, height, width)
