"""Tests of tms_lib.plots.curves: what was drawn, and where."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from tms_lib.plots import plot_curves, plot_vulnerability

pytestmark = pytest.mark.usefixtures("closes_figures")

P = torch.tensor([1.0, 0.1, 0.01])
VULNERABILITY = torch.tensor([[1.0, 1.5, 3.1], [1.0, 2.0, 9.7]])


def test_curves_are_drawn_and_differ_in_more_than_colour():
    x = torch.arange(4)
    y = torch.tensor([[0.0, 1.0, 2.0, 3.0], [3.0, 2.0, 1.0, torch.nan], [1.0, 1.0, 1.0, 1.0]])
    ax = plot_curves(x, y, labels=["up", "down", "flat"])
    drawn = torch.tensor(np.array([line.get_ydata() for line in ax.lines]))
    assert_close(drawn, y, equal_nan=True)
    assert len({str(line.get_marker()) for line in ax.lines}) == 3
    assert len({line.get_linestyle() for line in ax.lines}) == 3
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["up", "down", "flat"]


def test_long_curves_have_few_marks_at_different_places():
    ax = plot_curves(torch.arange(1000), torch.zeros(2, 1000), labels=["first", "second"])
    places = []
    for line in ax.lines:
        marked = line.get_markevery()
        assert isinstance(marked, tuple)
        start, every = (int(value) for value in marked)
        places.append(set(range(start, 1000, every)))
    assert [10 <= len(place) <= 15 for place in places] == [True, True]
    assert places[0].isdisjoint(places[1])


def test_curves_need_a_label_each():
    with pytest.raises(ValueError, match="labels must name each of the 2 curves; got 1"):
        plot_curves(torch.arange(3), torch.zeros(2, 3), labels=["one"])


def test_vulnerability_stands_beside_features_per_dimension():
    ax = plot_vulnerability(
        VULNERABILITY,
        dimensions_per_feature=torch.tensor([1.0, 0.5, 0.25]),
        feature_probability=P,
        labels=["universal", "per example"],
    )
    curves = {str(line.get_label()): np.asarray(line.get_ydata()) for line in ax.lines}
    assert curves["features per dimension"] == pytest.approx([1, 2, 4])
    assert curves["vulnerability, universal"] == pytest.approx(VULNERABILITY[0].numpy())
    assert curves["vulnerability, per example"] == pytest.approx(VULNERABILITY[1].numpy())
    for line in ax.lines[:3]:
        assert np.asarray(line.get_xdata()) == pytest.approx([1, 10, 100])
    assert ax.get_xscale() == "log"


def test_vulnerability_needs_a_label_for_each_attack_and_a_density():
    def draw(p: torch.Tensor, labels: list[str]) -> None:
        plot_vulnerability(
            VULNERABILITY, dimensions_per_feature=P, feature_probability=p, labels=labels
        )

    with pytest.raises(ValueError, match="labels must name each of the 2 attacks; got 1"):
        draw(P, ["one"])
    with pytest.raises(ValueError, match=r"feature_probability must lie in \(0, 1\]"):
        draw(P - 0.01, ["one", "two"])
