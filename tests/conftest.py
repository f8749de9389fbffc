"""Fixtures and settings that all tests share."""

from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
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


@pytest.fixture
def closes_figures() -> Iterator[None]:
    """Closes what a test has drawn."""
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository, with `course/`."""
    return Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regradings", type=int, default=3, help="seeds with which right answers are graded"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "regrading_seed" in metafunc.fixturenames:
        n_seeds = int(str(metafunc.config.getoption("regradings")))
        metafunc.parametrize("regrading_seed", range(n_seeds))
