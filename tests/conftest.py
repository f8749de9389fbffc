"""Fixtures and settings that all tests share."""

import matplotlib as mpl
import pytest
import torch
from hypothesis import settings

mpl.use("Agg")
# Examples are slow on a busy machine, so a deadline fails at random; the seed is fixed instead.
settings.register_profile("tms", deadline=None, derandomize=True, max_examples=30)
settings.load_profile("tms")


@pytest.fixture
def generator() -> torch.Generator:
    """A CPU generator with the same seed for every test."""
    return torch.Generator().manual_seed(0)
