"""Tests of tms_lib.plots.counts: what was drawn, and where."""

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch.testing import assert_close

from tms_lib.plots import plot_active_counts

pytestmark = pytest.mark.usefixtures("closes_figures")

COUNTS = torch.tensor([[0.7, 0.2, 0.1, 0.0, 0.0], [0.2, 0.3, 0.4, 0.1, 0.0]])


def draw_counts() -> Axes:
    return plot_active_counts(COUNTS, COUNTS.flip(0), labels=["dense", "sparse"])


def test_counts_show_bars_sampled_and_marks_predicted():
    ax = draw_counts()
    bars = torch.tensor([bar.get_height() for bar in ax.patches if isinstance(bar, Rectangle)])
    assert_close(bars.view(2, 5).to(COUNTS.dtype), COUNTS.flip(0))
    marks = torch.stack([torch.tensor(np.asarray(line.get_ydata())) for line in ax.lines])
    assert_close(marks, COUNTS)
    assert len({str(line.get_marker()) for line in ax.lines}) == 2
    legend = ax.get_legend()
    assert legend is not None
    assert {text.get_text() for text in legend.get_texts()} == {
        f"{label}, {kind}" for label in ("dense", "sparse") for kind in ("predicted", "sampled")
    }


def test_counts_stop_where_nothing_is_left_to_see():
    assert draw_counts().get_xlim() == pytest.approx((-0.6, 3.6))


def test_counts_need_a_label_each():
    with pytest.raises(ValueError, match="labels must name each of the 2 densities; got 1"):
        plot_active_counts(COUNTS, COUNTS, labels=["dense"])
