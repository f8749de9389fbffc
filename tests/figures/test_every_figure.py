"""What holds for every figure of the paper."""

import pytest

from tms_lib import figures
from tms_lib.figures import FIGURES

# those that take less than ten seconds
QUICK = [
    "absolute_value_small",
    "asymmetric_superposition",
    "five_features",
    "linear_and_relu",
    "polygons",
    "polytopes",
]


def test_every_figure_of_the_package_is_in_the_registry():
    functions = {name for name in figures.__all__ if name.islower()}
    assert functions == set(FIGURES)
    assert all(figure is getattr(figures, name) for name, figure in FIGURES.items())


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in FIGURES],
)
def test_every_claim_holds_and_there_is_a_picture(name):
    figure, claims = FIGURES[name]()
    assert claims
    assert not [claim for claim in claims if not claim.holds]
    assert figure.axes
    assert all(ax.has_data() or ax.images for ax in figure.axes)


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others():
    first, again, other = (FIGURES["five_features"](seed=seed).claims for seed in (1, 1, 2))
    assert first == again
    assert [claim.measured for claim in first] != [claim.measured for claim in other]
