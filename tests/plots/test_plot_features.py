"""Tests of tms_lib.plots.features: what was drawn, and where."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle
from mpl_toolkits.mplot3d.art3d import Line3D
from shapes import polygon, square_antiprism, tetrahedron
from torch import Tensor
from torch.testing import assert_close

from tms_lib.metrics import feature_norm
from tms_lib.models import gram
from tms_lib.plots import plot_feature_norms, plot_features_2d, plot_features_3d, plot_weights

pytestmark = pytest.mark.usefixtures("closes_figures")

# feature 0 alone, 1 and 2 antipodal, 3 absent
W = torch.tensor([[0.9, 0.0, 0.0, 0.0], [0.0, 1.2, -1.1, 0.0]])
b = torch.tensor([0.0, -0.3, 0.0, 0.5])


def test_weights_show_the_gram_matrix_and_the_bias_beside_it():
    ax = plot_weights(W, b)
    shown = ax.images[0].get_array()
    assert shown is not None
    table = torch.from_numpy(np.ma.getdata(shown))
    assert_close(table[:, :4], gram(W))
    assert table[:, 4].isnan().all()
    assert_close(table[:, 5], b)


@pytest.mark.parametrize(("scale", "limit"), [(0.1, 1.0), (1.0, 1.44)])
def test_the_weights_colour_scale_is_symmetric_and_at_least_one(scale, limit):
    ax = plot_weights(scale**0.5 * W, b)
    assert ax.images[0].get_clim() == pytest.approx((-limit, limit))


def test_negative_weights_carry_a_minus_that_is_visible_on_them():
    ax = plot_weights(W, b)
    (minus,) = (c for c in ax.collections if isinstance(c, LineCollection))
    centres = [tuple(np.mean(segment, axis=0)) for segment in minus.get_segments()]
    assert sorted(centres) == [(1.0, 2.0), (2.0, 1.0), (5.0, 1.0)]  # column, row
    colours = np.asarray(minus.get_color()).tolist()
    ink = {centre: tuple(colour) for centre, colour in zip(centres, colours, strict=True)}
    assert ink[2.0, 1.0] == ink[1.0, 2.0] == to_rgba("white")  # on -1.32, dark
    assert ink[5.0, 1.0] == to_rgba("black")  # on -0.3, light


def test_norm_bars_are_as_long_as_the_norms_with_feature_0_on_top():
    ax = plot_feature_norms(W)
    bars = [bar for bar in ax.patches if isinstance(bar, Rectangle)]
    lengths = torch.tensor([bar.get_width() for bar in bars], dtype=W.dtype)
    assert_close(lengths, feature_norm(W))
    assert [bar.get_y() + bar.get_height() / 2 for bar in bars] == pytest.approx([0, 1, 2, 3])
    bottom, top = ax.get_ylim()
    assert bottom > top


def test_norm_bars_are_lighter_the_more_superposition():
    colours = [bar.get_facecolor() for bar in plot_feature_norms(W).patches]
    viridis = plt.get_cmap("viridis")
    # superposition 0, then 1.1^2 and 1.2^2, which have the colour of 1, then a zero column
    assert colours == [viridis(0.0), viridis(1.0), viridis(1.0), viridis(0.0)]


def test_directions_run_from_the_origin_to_their_column():
    ax = plot_features_2d(W)
    tips = torch.tensor(np.array([line.get_xydata() for line in ax.lines]), dtype=W.dtype)
    assert_close(tips[:, 0], torch.zeros(4, 2))
    assert_close(tips[:, 1], W.T)
    assert ax.get_aspect() == 1
    assert ax.get_xlim() == ax.get_ylim() == pytest.approx((-1.56, 1.56))  # 1.3 times the longest


def test_numbers_stand_past_the_tips_of_features_that_are_there():
    ax = plot_features_2d(W)
    assert [text.get_text() for text in ax.texts] == ["0", "1", "2"]
    for i, text in enumerate(ax.texts):
        place = torch.tensor(text.get_position())
        assert place.norm() > W[:, i].norm()
        assert_close(place / place.norm(), W[:, i] / W[:, i].norm())


def test_directions_are_darker_the_more_important():
    importance = torch.tensor([1.0, 0.5, 0.25, 0.0])
    lines = plot_features_2d(W, importance=importance).lines
    lightness = [sum(to_rgba(line.get_color())[:3]) for line in lines]
    assert lightness == sorted(lightness)
    assert len(set(lightness)) == 4


def bipyramid(n: int) -> Tensor:
    """An n-gon and, at right angles to it, a digon."""
    flat = torch.zeros(3, n + 2, dtype=torch.float64)
    flat[:2, :n] = polygon(n)
    flat[2, n:] = torch.tensor([1.0, -1.0])
    return flat


@pytest.mark.parametrize(
    ("W", "n_edges"),
    [
        (tetrahedron(), 6),
        (torch.cat([torch.eye(3), -torch.eye(3)], dim=-1), 12),  # octahedron
        (square_antiprism(), 16),  # two squares, and two edges down from each upper corner
        (bipyramid(3), 9),
        (bipyramid(5), 15),
        (torch.eye(3)[:, :1], 0),
    ],
)
def test_points_in_3d_are_joined_as_the_polytope_is(W, n_edges):
    ax = plot_features_3d(W)
    *lines, dots = ax.lines
    assert isinstance(dots, Line3D)
    stems = [line for line in lines if line.get_color() == "0.7"]
    assert len(stems) == W.shape[-1]
    assert len(lines) - len(stems) == n_edges
    assert_close(torch.tensor(np.array(dots.get_data_3d()), dtype=W.dtype), W)
    assert [text.get_text() for text in ax.texts] == [str(i) for i in range(W.shape[-1])]


def test_features_that_are_not_there_are_left_out_of_3d():
    W = torch.tensor([[1.0, 0.0, 0.01], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    ax = plot_features_3d(W)
    assert [text.get_text() for text in ax.texts] == ["0", "1"]
