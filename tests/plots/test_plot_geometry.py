"""Tests of tms_lib.plots.geometry: what was drawn, and where."""

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from torch.testing import assert_close

from tms_lib.geometry import SHAPE_DIMENSIONALITY
from tms_lib.plots import plot_dimensionality, plot_trajectories

pytestmark = pytest.mark.usefixtures("closes_figures")

P = torch.tensor([1.0, 0.5, 0.1])
D = torch.tensor([[1.0, 0.0, 1.0, 0.0], [0.5, 0.5, 0.0, 0.5], [0.4, 0.41, 0.39, 0.375]])
PER_FEATURE = torch.tensor([1.0, 0.55, 0.4])


def line(ax: Axes, label: str) -> Line2D:
    (found,) = (line for line in ax.lines if str(line.get_label()).startswith(label))
    return found


def draw() -> Axes:
    return plot_dimensionality(D, dimensions_per_feature=PER_FEATURE, feature_probability=P)


def test_every_feature_has_a_dot_in_the_column_of_its_instance():
    dots = line(draw(), "dimensionality")
    x = np.asarray(dots.get_xdata()).reshape(3, 4)
    y = np.asarray(dots.get_ydata()).reshape(3, 4)
    for column, p, values in zip(x, P.tolist(), y, strict=True):
        assert np.log(column) == pytest.approx(np.log(1 / p), abs=0.25)  # half of 0.5 at most
        assert list(values) == sorted(values, reverse=True)
    assert x[0].max() < x[1].min()
    assert x[1].max() < x[2].min()
    assert_close(torch.tensor(y).sort(-1).values, D.sort(-1).values)


def test_the_curve_is_the_dimensions_per_feature_against_one_over_p():
    ax = draw()
    curve = line(ax, "dimensions per feature")
    assert np.asarray(curve.get_xdata()) == pytest.approx([1, 2, 10])
    assert np.asarray(curve.get_ydata()) == pytest.approx(PER_FEATURE.numpy())
    assert ax.get_xscale() == "log"
    assert ax.get_xlabel() == "$1/(1 - S)$"


@pytest.mark.parametrize("draw", [draw, lambda: plot_trajectories(D, steps=torch.arange(3))])
def test_fractions_have_a_line_and_a_name_that_overlaps_no_other(draw):
    ax = draw()
    levels = sorted(float(fraction) for fraction in SHAPE_DIMENSIONALITY.values())
    drawn = [np.asarray(line.get_ydata()) for line in ax.lines]
    assert [y[0] for y in drawn if len(y) == 2 and y[0] == y[1]] == pytest.approx(levels)
    names = [text.get_text() for text in ax.texts]
    assert names[0] == "3/8 square antiprism"
    assert names[-1] == "1 dedicated"
    places = [text.get_position()[1] for text in ax.texts]
    assert places == pytest.approx(levels, abs=0.05)
    assert min(np.diff(places)) > 0.05


def test_one_instance_and_seeds_of_one_density_can_be_drawn():
    plot_dimensionality(D[:1], dimensions_per_feature=PER_FEATURE[:1], feature_probability=P[:1])
    seeds = torch.tensor([0.5, 0.5, 0.1])
    ax = plot_dimensionality(D, dimensions_per_feature=PER_FEATURE, feature_probability=seeds)
    x = np.asarray(line(ax, "dimensionality").get_xdata()).reshape(3, 4)
    assert x[0] == pytest.approx(x[1])
    assert x[0].min() < 2 < x[0].max()


def test_a_density_of_zero_is_refused():
    with pytest.raises(ValueError, match=r"feature_probability must lie in \(0, 1\].*got 0"):
        plot_dimensionality(D, dimensions_per_feature=PER_FEATURE, feature_probability=0 * P)


def test_trajectories_are_lines_over_the_steps_darker_the_higher_they_end():
    steps = torch.tensor([0, 10, 100])
    ax = plot_trajectories(D, steps=steps)
    curves = [line for line in ax.lines if len(np.asarray(line.get_xdata())) == 3]
    assert len(curves) == 4
    for curve, i in zip(curves, [1, 0, 2, 3], strict=True):  # 0.41, 0.4, 0.39, 0.375
        assert np.asarray(curve.get_xdata()).tolist() == steps.tolist()
        assert np.asarray(curve.get_ydata()) == pytest.approx(D[:, i].numpy())
    lightness = [sum(np.asarray(curve.get_color())[:3]) for curve in curves]
    assert lightness == sorted(lightness)
