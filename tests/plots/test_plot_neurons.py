"""Tests of tms_lib.plots.neurons: what was drawn, and where."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.container import BarContainer
from matplotlib.patches import Rectangle
from torch.testing import assert_close

from tms_lib.plots import (
    plot_neurons,
    plot_weight_graph,
    plot_weight_matrix,
    plot_weight_stack,
)

pytestmark = pytest.mark.usefixtures("closes_figures")

# neuron 0 serves feature 1 alone; neuron 1 serves 0 and 2, with opposite signs
W = torch.tensor([[0.0, 2.0, 0.0], [0.5, 0.0, -1.0]])


def parts(ax: Axes) -> list[tuple[float, float, float]]:
    """Centre, bottom and top of the parts of stacked bars that have a height."""
    (drawn,) = (c for c in ax.collections if isinstance(c, PolyCollection))
    corners = [np.asarray(path.vertices)[:4] for path in drawn.get_paths()]
    boxes = [(c[:, 0].mean(), c[:, 1].min(), c[:, 1].max()) for c in corners]
    return [box for box in boxes if box[2] > box[1]]


def test_bars_stack_absolute_weights_with_the_largest_at_the_bottom():
    assert parts(plot_neurons(W)) == [(0, 0, 2), (1, 0, 1), (1, 1, 1.5)]


def test_bars_follow_the_order_that_is_given():
    ax = plot_neurons(W, order=torch.tensor([1, 0]))
    assert parts(ax) == [(0, 0, 1), (0, 1, 1.5), (1, 0, 2)]


def test_parts_have_the_colour_of_their_features_superposition():
    ax = plot_neurons(W)
    (drawn,) = (c for c in ax.collections if isinstance(c, PolyCollection))
    colors = np.asarray(drawn.get_facecolor()).reshape(2, 3, 4)
    # feature 1 is alone; 0 and 2 are antipodal, 0 receives 1^2 and 2 receives 0.5^2
    viridis = plt.get_cmap("viridis")
    assert tuple(colors[0, 0]) == viridis(0.0)
    assert tuple(colors[1, 0]) == viridis(0.25)
    assert tuple(colors[1, 1]) == viridis(1.0)


def test_the_page_behind_a_neuron_is_greyer_the_more_polysemantic_it_is():
    bands = [p for p in plot_neurons(W).patches if isinstance(p, Rectangle) and p.get_fill()]
    assert [band.get_x() for band in bands] == [-0.5, 0.5]
    white, grey = (band.get_facecolor()[:3] for band in bands)
    assert white == (1, 1, 1)
    assert grey == pytest.approx(3 * [1 - 0.3 * 0.2])  # 1 - 1 / (1 + 0.25)


def test_a_hundred_features_on_forty_neurons_and_none_at_all_can_be_drawn(generator):
    assert len(parts(plot_neurons(torch.randn(40, 100, generator=generator)))) == 4000
    assert parts(plot_neurons(torch.zeros(2, 3))) == []


@pytest.mark.parametrize("rows", ["neuron", "feature"])
def test_a_matrix_is_shown_as_it_is_and_says_what_its_rows_are(rows):
    ax = plot_weight_matrix(W, rows=rows)
    shown = ax.images[0].get_array()
    assert shown is not None
    assert_close(torch.from_numpy(np.ma.getdata(shown)), W)
    assert ax.images[0].get_clim() == (-2, 2)
    names = {"neuron": "neuron $k$", "feature": "feature $i$"}
    assert ax.get_ylabel() == names.pop(rows)
    assert ax.get_xlabel() in names.values()
    (minus,) = (c for c in ax.collections if isinstance(c, LineCollection))
    assert [tuple(np.mean(s, axis=0)) for s in minus.get_segments()] == [(2, 1)]


def test_stacks_go_up_for_positive_weights_and_down_for_negative_ones():
    ax = plot_weight_stack(torch.tensor([[1.0, 2.0, -0.5, -0.25]]))
    spans = []
    for bars in ax.containers:
        assert isinstance(bars, BarContainer)
        (bar,) = bars
        spans.append(tuple(sorted((bar.get_y(), bar.get_y() + bar.get_height()))))
    assert spans == [(0, 1), (1, 3), (-0.5, 0), (-0.75, -0.5)]


def test_stacks_name_the_features_where_there_is_room():
    ax = plot_weight_stack(torch.tensor([[1.0, 0.01, -0.5], [0.0, 0.0, 1.0]]))
    assert [text.get_text() for text in ax.texts] == ["0", "", "", "", "2", "2"]


def test_a_graph_has_an_edge_for_every_weight_that_is_not_tiny():
    W1 = torch.tensor([[2.0, 0.0], [-1.0, 0.05]])  # 0.05 is a fortieth of 2
    W2 = torch.tensor([[0.1, 0.0], [0.0, -0.1]])
    first, second = plot_weight_graph(W1, W2=W2).collections
    assert isinstance(first, LineCollection)
    assert isinstance(second, LineCollection)
    for edges, place in ((first, 0), (second, 1)):
        assert len(edges.get_segments()) == 2
        ends = np.array(edges.get_segments())[:, :, 0]
        assert ends.tolist() == 2 * [[place, place + 1]]
    assert np.asarray(first.get_linewidth()).tolist() == [4, 2]
    assert np.asarray(second.get_linewidth()).tolist() == [4, 4]  # relative to their own matrix
    positive, negative = (dash for _, dash in np.asarray(first.get_linestyle(), dtype=object))
    assert positive is None
    assert negative is not None
    (start, end), (same_start, lower_end) = np.array(first.get_segments())[:, :, 1].tolist()
    assert start == same_start  # both from feature 0
    assert end < lower_end  # y runs downwards: neuron 0 is above neuron 1


def test_a_graph_without_outputs_has_two_layers():
    ax = plot_weight_graph(W)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["features", "neurons"]
    assert [text.get_text() for text in ax.texts] == ["0", "1", "2", "0", "1"]
    assert len(plot_weight_graph(torch.zeros(2, 3)).lines) == 5
