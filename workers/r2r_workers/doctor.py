"""python -m r2r_workers.doctor: one JSON line for each part that only a worker needs.

Each part is used, not just found: a film of a second is encoded, probed and decoded by both readers, and the
libraries that are known to disagree with each other are asked for what breaks. `r2r doctor` runs this in a
process of its own, so a crash here is one line there.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from r2r_shared.errors import R2RError, UserError
from r2r_shared.operating.doctor import Check

INSTALL = "pip install --upgrade 'reel-to-real[worker]'"
CODECS = ("h264", "hevc", "vp9", "av1", "mpeg4", "mpeg2video", "prores", "vc1")
FRAMES = 24


def main() -> None:
    """Look at every part; the exit code is 0 whatever is found."""
    parser = argparse.ArgumentParser(prog="python -m r2r_workers.doctor", description=__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--profile", default="starter")
    options = parser.parse_args()
    parts: dict[str, Callable[[], Check]] = {
        "codecs": codecs,
        "decoders": decoders,
        "shots": shots,
        "torch": torch,
        "device": lambda: device(options.device),
        "transformers": transformers,
        "weights": lambda: weights(options.profile),
    }
    for name, look in parts.items():
        try:
            check = look()
        except UserError as error:
            check = Check(name, "fail", error.message, error.hint)
        except ImportError as error:
            check = Check(name, "fail", f"{error}", INSTALL)
        except (R2RError, RuntimeError, OSError, ValueError, AttributeError) as error:
            check = Check(name, "fail", f"{type(error).__name__}: {_line(error)}", INSTALL)
        sys.stdout.write(json.dumps(asdict(check)) + "\n")
        sys.stdout.flush()


def codecs() -> Check:
    """Which of the codecs that films come in PyAV's build can decode."""
    import av
    from av.codec import Codec
    from av.codec.codec import UnknownCodecError

    missing: list[str] = []
    for name in CODECS:
        try:
            Codec(name, "r")
        except UnknownCodecError:
            missing.append(name)
    found = f"PyAV {av.__version__}: {', '.join(name for name in CODECS if name not in missing)}"
    if missing:
        return Check("codecs", "warn", f"{found}; not {', '.join(missing)}", "pip install --upgrade av")
    return Check("codecs", "ok", found)


def decoders() -> Check:
    """Both readers on a film of known length."""
    from r2r_shared.film.index import FilmIndex
    from r2r_shared.film.probe import probe
    from r2r_workers.media.geometry import plan_geometry
    from r2r_workers.media.reader import open_reader

    with tempfile.TemporaryDirectory(prefix="r2r-doctor-") as folder:
        path = Path(folder) / "second.mp4"
        _film(path)
        film = probe(path)
        index = FilmIndex.from_bytes(film.index)
        counts: dict[str, int] = {}
        for name in ("decord", "pyav"):
            counts[name] = sum(1 for _ in open_reader(name, path, index, plan_geometry(film), threads=1).read(0))
    read = ", ".join(f"{name} {count}" for name, count in counts.items())
    if set(counts.values()) != {FRAMES}:
        return Check("decoders", "fail", f"of {FRAMES} frames were read: {read}", INSTALL)
    return Check("decoders", "ok", f"{FRAMES} frames written, probed and read: {read}")


def shots() -> Check:
    """What cuts a film into shots."""
    import cv2
    from scenedetect.detectors import AdaptiveDetector

    AdaptiveDetector()
    return Check("shots", "ok", f"scenedetect {importlib.metadata.version('scenedetect')}, OpenCV {cv2.__version__}")


def torch() -> Check:
    """torch and torchvision, from builds that fit each other."""
    import torch
    import torchvision

    try:
        boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
        torchvision.ops.nms(boxes, torch.ones(1), 0.5)
    except RuntimeError as error:  # "operator torchvision::nms does not exist"
        remedy = "reinstall both from one index: pip install --force-reinstall torch torchvision"
        return Check("torch", "fail", f"torch and torchvision do not fit: {_line(error)}", remedy)
    return Check("torch", "ok", f"torch {torch.__version__}, torchvision {torchvision.__version__}")


def device(wanted: str) -> Check:
    """Where models will run, shown by running something there."""
    import torch

    from r2r_workers.models.device import place

    placement = place(wanted)
    torch.ones(8, 8, device=placement.device).mm(torch.ones(8, 8, device=placement.device)).sum().item()
    number = "bfloat16" if placement.bfloat16 else "float32"
    if placement.device.type == "cuda":
        return Check("device", "ok", f"{torch.cuda.get_device_name(placement.device)}, {number}")
    found = f"CPU, {torch.get_num_threads()} threads, {number}"
    if wanted == "auto" and shutil.which("nvidia-smi"):
        remedy = "install a torch build for this driver's CUDA; `nvidia-smi` shows its version"
        return Check("device", "warn", f"{found}; there is an NVIDIA driver, but torch finds no GPU", remedy)
    return Check("device", "ok", found)


def transformers() -> Check:
    """What loads MiDaS; imported, because its parts are loaded lazily and fail late."""
    from transformers import AutoModelForDepthEstimation

    version = importlib.metadata.version("transformers")
    return Check("transformers", "ok", f"transformers {version}, {AutoModelForDepthEstimation.__name__}")


def weights(profile: str) -> Check:
    """Whether the profile's weights are on this machine."""
    from r2r_workers.models import registry

    if profile not in registry.BUILT_IN and not profile.endswith(".safetensors"):
        detail = f"profile {profile} is not built in: a model of your own is fetched from the media store"
        return Check("weights", "ok", f"{detail}; r2r models show {profile}")
    told = registry.describe(profile)
    if told["missing"]:
        return Check(
            "weights", "fail", f"profile {profile} lacks {', '.join(told['missing'])}", f"r2r models pull {profile}"
        )
    pulled = [name for name in registry.BUILT_IN if registry.describe(name)["present"]]
    return Check("weights", "ok", f"profile {profile} is complete; on this machine: {', '.join(pulled)}")


def _film(path: Path) -> None:
    """A second of H.264 with a moving edge."""
    import av
    import numpy as np

    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=FRAMES)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for number in range(FRAMES):
            picture = np.zeros((96, 128, 3), np.uint8)
            picture[:, : 5 * number] = 200
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0]


if __name__ == "__main__":
    main()
