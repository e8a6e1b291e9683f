"""The paper's encoder and MiDaS: real loading code, tiny random weights."""

from __future__ import annotations

import urllib.request

import numpy as np
import pytest

from r2r_shared.errors import UserError
from r2r_workers.models import describe, load, pull
from r2r_workers.models.checkpoint import TcnConfig, imagenet_config, read_config
from r2r_workers.models.device import place
from r2r_workers.models.weights import IMAGENET, MIDAS, HubWeights

CONFIG = TcnConfig(backbone="resnet18", head=(32, 16), side_px=64)


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    return [rng.integers(0, 256, (*size, 3), np.uint8) for size in ((64, 96), (80, 50), (33, 200), (64, 64), (90, 90))]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    import torch

    from r2r_workers.models import tcn

    torch.manual_seed(0)
    network = tcn.build(CONFIG)
    path = tmp_path_factory.mktemp("weights") / "mine.safetensors"
    tcn.save(network, CONFIG, path)
    return path


@pytest.fixture
def no_network(monkeypatch, tmp_path):
    """Empty caches, and a network where every connection is refused."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(urllib.request, "_opener", None)  # it keeps the proxies of its first call for ever
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    import huggingface_hub.constants as hub
    from huggingface_hub import file_download

    monkeypatch.setattr(hub, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(hub, "HF_HUB_OFFLINE", True)  # the hub's client would try again for half a minute
    assert file_download.constants is hub


# the paper's encoder


def test_a_checkpoint_comes_back_as_it_was_saved(checkpoint, pictures):
    import torch

    from r2r_workers.models import tcn

    assert read_config(checkpoint) == CONFIG
    encoder = tcn.TcnEncoder.from_checkpoint(checkpoint, place("cpu"))
    torch.manual_seed(0)
    original = tcn.TcnEncoder(tcn.build(CONFIG), CONFIG, place("cpu"), name="x", digest="y")

    assert encoder.embed(pictures) == pytest.approx(original.embed(pictures), abs=1e-6)


def test_embeddings_have_unit_length_and_do_not_know_their_neighbours(checkpoint, pictures):
    encoder = load(str(checkpoint), "cpu").encoder

    together = encoder.embed(pictures)
    alone = np.concatenate([encoder.embed([picture]) for picture in reversed(pictures)])[::-1]

    assert together.shape == (5, CONFIG.dim)
    assert together.dtype == np.float32
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)
    assert together == pytest.approx(alone, abs=1e-5)
    assert encoder.embed([]).shape == (0, CONFIG.dim)


def test_a_checkpoint_is_a_profile_of_its_own(checkpoint):
    facts = describe(str(checkpoint))

    assert (facts["encoder"], facts["dim"], facts["depth"], facts["present"]) == ("mine", 16, "defocus", True)
    assert facts["encoder_digest"] == load(str(checkpoint), "cpu").encoder.digest
    assert pull(str(checkpoint)) == []


def test_a_pickle_is_refused_unread(tmp_path):
    import torch

    path = tmp_path / "evil.safetensors"
    torch.save({"a": torch.zeros(1)}, path)

    with pytest.raises(UserError, match="not a safetensors file") as refused:
        load(str(path), "cpu")
    assert "never unpickled" in refused.value.hint


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"reel_to_real": "{}"},
        {"reel_to_real": '{"backbone": "vgg", "head": [], "side_px": 64, "depth": "defocus"}'},
    ],
)
def test_a_checkpoint_that_does_not_say_what_it_is(tmp_path, metadata):
    from safetensors.numpy import save_file

    path = tmp_path / "mute.safetensors"
    save_file({"a": np.zeros(1, np.float32)}, path, metadata=metadata)

    with pytest.raises(UserError, match="does not say which encoder"):
        describe(str(path))


def test_tensors_that_do_not_fit_their_description(tmp_path, checkpoint):
    from safetensors.numpy import load_file, save_file

    from r2r_workers.models.checkpoint import to_metadata

    path = tmp_path / "wrong.safetensors"
    save_file(load_file(checkpoint), path, metadata=to_metadata(TcnConfig("resnet18", (32, 8), 64)))

    with pytest.raises(UserError, match="do not fit"):
        load(str(path), "cpu")


def test_imagenet_weights_load_from_torch_hubs_cache(monkeypatch, tmp_path, pictures):
    """The file as torchvision publishes it (random numbers inside), read without unpickling code."""
    import torch
    import torchvision

    from r2r_workers.models.tcn import TcnEncoder

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    IMAGENET["resnet18"].path.parent.mkdir(parents=True)
    torch.save(torchvision.models.resnet18(weights=None).state_dict(), IMAGENET["resnet18"].path)

    encoder = TcnEncoder.from_imagenet("resnet18", place("cpu"))

    assert "torchvision:resnet18-f37072fd" not in describe("resnet18")["missing"]
    assert (encoder.dim, encoder.digest) == (512, describe("resnet18")["encoder_digest"])
    assert np.linalg.norm(encoder.embed(pictures[:2]), axis=1) == pytest.approx(1, abs=1e-5)


def test_resnet50_is_projected_to_what_an_index_takes(monkeypatch, tmp_path, pictures):
    import torch
    import torchvision

    from r2r_workers.models.tcn import TcnEncoder

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    IMAGENET["resnet50"].path.parent.mkdir(parents=True)
    torch.save(torchvision.models.resnet50(weights=None).state_dict(), IMAGENET["resnet50"].path)

    encoder = TcnEncoder.from_imagenet("resnet50", place("cpu"))

    assert encoder.embed(pictures[:1]).shape == (1, 512)
    assert imagenet_config("resnet50").dim == describe("resnet50")["dim"] == 512


def test_torchvision_still_publishes_the_files_we_name():
    from torchvision import models

    for backbone, weights in IMAGENET.items():
        assert models.get_model_weights(backbone)[weights.enum].url.endswith("/" + weights.file)


def test_no_network_is_an_error_with_a_remedy_not_another_model(no_network):
    with pytest.raises(UserError, match=r"resnet18-f37072fd\.pth") as refused:
        load("resnet18", "cpu")
    assert str(IMAGENET["resnet18"].path) in refused.value.hint
    assert "starter" in refused.value.hint


# MiDaS


@pytest.fixture(scope="module")
def tiny_midas(tmp_path_factory):
    """A DPT of the hub's layout with random weights and a processor like MiDaS's."""
    import torch
    from transformers import DPTConfig, DPTForDepthEstimation, DPTImageProcessor

    folder = tmp_path_factory.mktemp("midas")
    torch.manual_seed(0)
    config = DPTConfig(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=64,
        patch_size=16,
        backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[8, 8, 16, 16],
        fusion_hidden_size=16,
        is_hybrid=False,
    )
    DPTForDepthEstimation(config).save_pretrained(folder)
    DPTImageProcessor(size={"height": 64, "width": 64}, do_resize=True).save_pretrained(folder)
    return folder


def test_midas_maps_have_their_pictures_size(tiny_midas, pictures):
    from r2r_workers.models.depth_midas import MidasEstimator

    estimator = MidasEstimator(tiny_midas, place("cpu"), name="tiny", digest="tiny@0")

    maps = estimator.estimate(pictures)
    alone = [estimator.estimate([picture])[0] for picture in pictures]

    assert [depth.shape for depth in maps] == [picture.shape[:2] for picture in pictures]
    assert all(depth.dtype == np.float32 and np.isfinite(depth).all() for depth in maps)
    for together, single in zip(maps, alone, strict=True):
        assert together == pytest.approx(single, abs=1e-4)
    assert estimator.estimate([]) == []


def test_midas_keeps_raw_units(tiny_midas, pictures):
    """Scaling the last layer scales the map: nothing between it and the caller normalises."""
    import torch
    from transformers import DPTForDepthEstimation, DPTImageProcessor

    from r2r_workers.models.depth_midas import MidasEstimator

    estimator = MidasEstimator(tiny_midas, place("cpu"), name="tiny", digest="tiny@0")
    model = DPTForDepthEstimation.from_pretrained(tiny_midas)
    inputs = DPTImageProcessor.from_pretrained(tiny_midas)(images=pictures[3], return_tensors="pt")
    with torch.inference_mode():
        raw = model(**inputs).predicted_depth[0].numpy()

    assert estimator.estimate(pictures[3:4])[0] == pytest.approx(raw, abs=1e-4)  # 64 × 64 in, 64 × 64 out


def test_a_folder_without_safetensors_is_refused(tmp_path, tiny_midas):
    import torch

    from r2r_workers.models.depth_midas import MidasEstimator

    for name in ("config.json", "preprocessor_config.json"):
        (tmp_path / name).write_bytes((tiny_midas / name).read_bytes())
    torch.save({}, tmp_path / "pytorch_model.bin")

    with pytest.raises(UserError, match="does not hold a depth model"):
        MidasEstimator(tmp_path, place("cpu"), name="tiny", digest="tiny@0")


def test_hub_weights_are_found_in_the_hubs_own_cache(monkeypatch, tmp_path, tiny_midas, pictures):
    import huggingface_hub.constants as hub

    from r2r_workers.models.depth_midas import MidasEstimator

    weights = HubWeights("some/model", "0123456789abcdef0123456789abcdef01234567")
    monkeypatch.setattr(hub, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setitem(MIDAS, "some-model", weights)
    assert not weights.present
    folder = tmp_path / "models--some--model" / "snapshots" / weights.revision
    folder.mkdir(parents=True)
    for file in tiny_midas.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())

    assert weights.present
    assert weights.folder == folder
    assert MidasEstimator.from_hub("some-model", place("cpu")).estimate(pictures[:1])[0].shape == pictures[0].shape[:2]


def test_a_hub_that_cannot_be_reached_is_an_error_with_a_remedy(no_network):
    with pytest.raises(UserError, match="dpt-swinv2-tiny-256") as refused:
        MIDAS["dpt-swinv2-tiny-256"].pull(progress=False)
    assert "r2r models pull" in refused.value.hint


# devices


def test_cuda_where_there_is_none_is_an_error():
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(UserError, match="no CUDA device"):
        place("cuda")
    assert place("auto").device.type == "cpu"


def test_bfloat16_changes_the_numbers_little(checkpoint, pictures):
    from r2r_workers.models.device import Placement
    from r2r_workers.models.tcn import TcnEncoder

    full = TcnEncoder.from_checkpoint(checkpoint, place("cpu"))
    half = TcnEncoder.from_checkpoint(checkpoint, Placement(place("cpu").device, bfloat16=True))

    assert (full.embed(pictures) * half.embed(pictures)).sum(axis=1) == pytest.approx(1, abs=5e-3)
