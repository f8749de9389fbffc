"""What holds for every function of tms_lib.plots."""

from collections.abc import Callable

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.axes import Axes
from torch import Tensor

from tms_lib import plots

pytestmark = pytest.mark.usefixtures("closes_figures")

P = torch.tensor([1.0, 0.3, 0.1])
R = torch.tensor([0.1, 1.0, 10.0, 20.0])
PHASE = torch.tensor([[0, 0, 1, 1], [0, 2, 2, 1], [2, 2, 2, 2]])
LABELS = ["first", "second", "third"]

# every kind of picture, of the tensors that it is given to draw
DRAWINGS: dict[str, tuple[Callable[..., Axes], list[tuple[int, ...]]]] = {
    "plot_weights": (plots.plot_weights, [(2, 4), (4,)]),
    "plot_feature_norms": (plots.plot_feature_norms, [(2, 4)]),
    "plot_features_2d": (plots.plot_features_2d, [(2, 4)]),
    "plot_features_3d": (plots.plot_features_3d, [(3, 4)]),
    "plot_neurons": (plots.plot_neurons, [(3, 4)]),
    "plot_weight_matrix": (plots.plot_weight_matrix, [(3, 4)]),
    "plot_weight_stack": (plots.plot_weight_stack, [(3, 4)]),
    "plot_weight_graph": (
        lambda W1, W2, ax=None: plots.plot_weight_graph(W1, W2=W2, ax=ax),
        [(3, 4), (4, 3)],
    ),
    "plot_active_counts": (
        lambda a, b, ax=None: plots.plot_active_counts(a, b, labels=LABELS, ax=ax),
        [(3, 5), (3, 5)],
    ),
    "plot_curves": (
        lambda x, y, ax=None: plots.plot_curves(x, y, labels=LABELS, ax=ax),
        [(5,), (3, 5)],
    ),
    "plot_vulnerability": (
        lambda v, d, ax=None: plots.plot_vulnerability(
            v, dimensions_per_feature=d, feature_probability=P, labels=LABELS[:2], ax=ax
        ),
        [(2, 3), (3,)],
    ),
    "plot_dimensionality": (
        lambda D, d, ax=None: plots.plot_dimensionality(
            D, dimensions_per_feature=d, feature_probability=P, ax=ax
        ),
        [(3, 8), (3,)],
    ),
    "plot_trajectories": (
        lambda D, ax=None: plots.plot_trajectories(D, steps=torch.arange(5), ax=ax),
        [(5, 8)],
    ),
    "plot_phase_diagram": (
        lambda ax=None: plots.plot_phase_diagram(
            PHASE, feature_probability=P, importance=R, labels=LABELS, ax=ax
        ),
        [],
    ),
    "plot_phase_map": (
        lambda values, ax=None: plots.plot_phase_map(
            values, feature_probability=P, importance=R, label="loss", ax=ax
        ),
        [(3, 4)],
    ),
}
NAMES = sorted(DRAWINGS)


def draw(name: str, *, ax: Axes | None = None, is_parameter: bool = False) -> Axes:
    """One picture of random numbers in [0.1, 1.1]."""
    function, shapes = DRAWINGS[name]
    generator = torch.Generator().manual_seed(0)
    tensors: list[Tensor] = [torch.rand(shape, generator=generator) + 0.1 for shape in shapes]
    if is_parameter:
        tensors = [torch.nn.Parameter(tensor) for tensor in tensors]
    return function(*tensors, **({} if ax is None else {"ax": ax}))


def test_every_plot_is_drawn_here():
    assert sorted(plots.__all__) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_given_axes_are_used_and_returned(name):
    projection = {"projection": "3d"} if name == "plot_features_3d" else {}
    _, axes = plt.subplots(1, 2, subplot_kw=projection)
    settings = mpl.rcParams.copy()
    assert draw(name, ax=axes[1]) is axes[1]
    assert axes[1].has_data()
    assert not axes[0].has_data()
    assert mpl.rcParams == settings


@pytest.mark.parametrize("name", NAMES)
def test_without_axes_a_new_figure_is_made(name):
    other = plt.figure()
    ax = draw(name)
    assert ax.figure is not other
    first_tick = {"plot_weights": "$W^T W$", "plot_weight_graph": "features"}
    if name in first_tick:  # names in place of numbers
        assert ax.get_xticklabels()[0].get_text() == first_tick[name]
    elif name != "plot_curves":  # its caller says what the curves are
        assert ax.get_xlabel()
    if name not in {"plot_weight_graph", "plot_curves"}:
        assert ax.get_ylabel()
    ax.figure.canvas.draw()  # labels are typeset only now


@pytest.mark.parametrize("name", NAMES)
def test_parameters_can_be_drawn_as_they_are(name):
    draw(name, is_parameter=True)


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (plots.plot_feature_norms, (2, 4)),
        (plots.plot_features_2d, (2, 4)),
        (plots.plot_features_3d, (3, 4)),
        (plots.plot_neurons, (2, 4)),
        (plots.plot_weight_matrix, (2, 4)),
        (plots.plot_weight_stack, (2, 4)),
        (plots.plot_weight_graph, (2, 4)),
    ],
)
def test_a_diverged_model_is_not_drawn(function, shape):
    with pytest.raises(ValueError, match=r"W1? of shape \(., 4\) is not finite"):
        function(torch.full(shape, torch.nan))
    assert not plt.get_fignums()


def test_a_diverged_second_tensor_is_named():
    with pytest.raises(ValueError, match=r"b of shape \(4,\) is not finite"):
        plots.plot_weights(torch.ones(2, 4), torch.full((4,), torch.inf))
    with pytest.raises(ValueError, match=r"W2 of shape \(4, 2\) is not finite"):
        plots.plot_weight_graph(torch.ones(2, 4), W2=torch.full((4, 2), torch.inf))
