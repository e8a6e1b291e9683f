"""Encoders and depth estimators behind two small protocols. Arrays in, arrays out."""

from __future__ import annotations

from r2r_workers.models.protocols import DepthEstimator, Encoder, Models
from r2r_workers.models.registry import STARTER, ProfileSpec, describe, load, pull

__all__ = ["STARTER", "DepthEstimator", "Encoder", "Models", "ProfileSpec", "describe", "load", "pull"]
