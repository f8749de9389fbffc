"""Tests of tms_lib.plots.phases: what was drawn, and where."""

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_rgba
from matplotlib.patches import Patch

from tms_lib.plots import plot_phase_diagram, plot_phase_map

pytestmark = pytest.mark.usefixtures("closes_figures")

P = torch.tensor([1.0, 0.1])
R = torch.tensor([0.1, 1.0, 10.0])
PHASE = torch.tensor([[0, 0, 1], [2, 2, 1]])


def diagram() -> Axes:
    return plot_phase_diagram(
        PHASE, feature_probability=P, importance=R, labels=["ignored", "dedicated", "antipodal"]
    )


def mesh(ax: Axes) -> QuadMesh:
    (drawn,) = (c for c in ax.collections if isinstance(c, QuadMesh))
    return drawn


def test_cells_lie_around_their_importance_and_density_on_log_scales():
    ax = diagram()
    corners = np.asarray(mesh(ax).get_coordinates())  # rows, columns, (x, y)
    half = 10**0.5
    assert corners[0, :, 0] == pytest.approx([0.1 / half, 0.1 * half, half, 10 * half])
    assert corners[:, 0, 1] == pytest.approx([half, 1 / half, 0.1 / half])
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_cells_have_the_colour_that_the_legend_gives_their_phase():
    ax = diagram()
    ax.figure.canvas.draw()
    legend = ax.get_legend()
    assert legend is not None
    patches = [patch for patch in legend.get_patches() if isinstance(patch, Patch)]
    colors = [to_rgba(patch.get_facecolor()) for patch in patches]
    cells = np.asarray(mesh(ax).get_facecolor())
    assert cells.reshape(-1, 4) == pytest.approx(np.array([colors[k] for k in PHASE.ravel()]))
    assert [text.get_text() for text in legend.get_texts()] == ["ignored", "dedicated", "antipodal"]
    lightness = [np.dot(color[:3], (0.3, 0.59, 0.11)) for color in colors]
    assert lightness == sorted(lightness)  # so that it reads in greyscale
    assert min(np.diff(lightness)) > 0.15


def test_a_map_shows_the_values():
    values = torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    ax = plot_phase_map(values, feature_probability=P, importance=R, label="loss")
    shown = mesh(ax).get_array()
    assert shown is not None
    assert np.ma.getdata(shown) == pytest.approx(values.numpy())


@pytest.mark.parametrize("wrong", [[1.0, 1.0, 2.0], [1.0, 3.0, 2.0], [1.0]])
def test_values_without_an_order_are_refused(wrong):
    with pytest.raises(ValueError, match="importance must rise or fall over at least two values"):
        plot_phase_map(
            torch.ones(2, len(wrong)),
            feature_probability=P,
            importance=torch.tensor(wrong),
            label="loss",
        )


@pytest.mark.parametrize("wrong", [3, -1])
def test_every_phase_needs_a_label(wrong):
    with pytest.raises(ValueError, match="labels must name every phase; got 3 labels"):
        plot_phase_diagram(
            torch.full((2, 3), wrong), feature_probability=P, importance=R, labels=["a", "b", "c"]
        )


@pytest.mark.parametrize("wrong", [0.0, -0.1, 1.5, torch.nan])
def test_a_density_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match=r"feature_probability must lie in \(0, 1\]"):
        plot_phase_map(
            torch.ones(2, 3),
            feature_probability=torch.tensor([0.5, wrong]),
            importance=R,
            label="loss",
        )


def test_an_importance_of_zero_is_refused():
    with pytest.raises(ValueError, match="importance must be positive to be drawn on a log axis"):
        plot_phase_map(torch.ones(2, 3), feature_probability=P, importance=R - 0.1, label="loss")
