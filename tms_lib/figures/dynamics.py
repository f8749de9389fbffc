"""Superposition and Learning Dynamics: features change levels, and the loss falls as they do."""

from functools import partial

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.axes3d import Axes3D

from tms_lib.correlation import sample_correlated
from tms_lib.dynamics import level_changes, moving_average, share_of_fall
from tms_lib.evaluation import expected_loss
from tms_lib.figures._shared import page
from tms_lib.figures.reproduction import Reproduction, within
from tms_lib.geometry import nearest_fraction
from tms_lib.losses import weighted_row_mse
from tms_lib.metrics import dimensionality
from tms_lib.models import ReLUOutputModel, gram, relu_output
from tms_lib.plots import plot_curves, plot_features_3d, plot_trajectories
from tms_lib.sampling import FeatureSampler
from tms_lib.sets import cosines_within_sets
from tms_lib.training import TrainConfig, train

_EVERY = 25  # steps between snapshots
_SETTLED = 1_000  # steps after which features change levels one by one


def energy_levels(*, seed: int = 0) -> Reproduction:
    """D_i over training beside the loss: n = 80, m = 20, 1 - S = 0.3, constant learning rate."""
    generator = torch.Generator().manual_seed(seed)
    importance = torch.ones(80)
    sample = FeatureSampler(torch.full((4, 80), 0.3))
    model = ReLUOutputModel(n_instances=4, n_features=80, n_hidden=20, generator=generator)
    steps = torch.arange(0, 4_001, _EVERY)
    result = train(
        model,
        sample,
        importance=importance,
        generator=generator,
        config=TrainConfig(n_steps=4_000, batch_size=256, lr=1e-3, schedule="constant"),
        snapshots=steps.tolist(),
    )
    x, weight = sample(8_192, generator=generator)  # the same at each step, to see small changes
    losses = torch.stack(
        [
            weighted_row_mse(x, relu_output(x, W=W, b=b), importance=importance, weight=weight)
            for W, b in zip(result.snapshots["W"], result.snapshots["b"], strict=True)
        ]
    )
    best = losses[-1].argmin()
    D, loss = dimensionality(result.snapshots["W"][:, best]), losses[:, best]
    figure, (above, below) = page(2, 1, width=9, height=3.2)
    plot_trajectories(D, steps=steps, ax=above)
    plot_curves(steps, loss.unsqueeze(0), labels=["expected loss"], ax=below)
    below.set(xlabel="step", ylabel="expected loss")
    figure.suptitle("$n = 80$, $m = 20$, $I_i = 1$, $1 - S = 0.3$, learning rate 0.001, best of 4")
    late = slice(_SETTLED // _EVERY, None)
    moved, fallen = D[late].diff(dim=0).abs().sum(-1), -loss[late].diff()
    in_the_end = steps[:-1] >= steps[-1] - _SETTLED  # of the times between two snapshots
    # at first all have a quarter of a dimension, 20 / 80, and then take sides
    changes = level_changes(nearest_fraction(D, torch.tensor([0, 1 / 4, 1 / 2]), tolerance=0.08))
    duration = _EVERY * changes[changes > 0]
    final = D[-1]
    settled = ((final - 0.5).abs() < 0.05) | (final < 0.05)
    claims = [
        within(
            "in the end D_i is 1/2 or 0; part of the features", settled.float().mean(), low=0.95
        ),
        within(
            "the loss falls as features change levels: correlation of both changes, per 25 steps",
            torch.corrcoef(torch.stack([moved, fallen]))[0, 1],
            low=0.8,
        ),
        within(
            "and not otherwise: part of that fall in the last 1000 steps, when none does",
            share_of_fall(loss[late], moves=in_the_end[late]),
            high=0.05,
        ),
        within(
            "not reproduced: sudden jumps; steps from one level to the other, median, of 4000",
            duration.median(),
            low=100,
        ),
    ]
    return Reproduction(figure, claims)


def octahedron(*, seed: int = 0) -> Reproduction:
    """Two sets of three correlated features in three dimensions: how an octahedron forms."""
    generator = torch.Generator().manual_seed(seed)
    n_seeds = 20
    importance = torch.ones(6)
    sample = partial(sample_correlated, torch.full((n_seeds, 2), 0.05), set_size=3)
    model = ReLUOutputModel(n_instances=n_seeds, n_features=6, n_hidden=3, generator=generator)
    steps = torch.arange(0, 3_001, _EVERY)
    result = train(
        model,
        sample,
        importance=importance,
        generator=generator,
        config=TrainConfig(n_steps=3_000, batch_size=1_024, lr=3e-3),
        snapshots=steps.tolist(),
    )
    losses = expected_loss(
        model, sample, importance=importance, n_samples=2**15, generator=generator
    )
    best = losses.argmin()
    W = result.snapshots["W"][:, best]
    D = dimensionality(W)
    figure = Figure(figsize=(13, 7), layout="constrained")
    drawn = (0, 10, 20, len(steps) - 1)
    for k, snapshot in enumerate(drawn):
        ax = figure.add_subplot(2, 4, k + 1, projection="3d")
        assert isinstance(ax, Axes3D)
        plot_features_3d(W[snapshot], ax=ax)
        ax.set_title(f"step {steps[snapshot]}", y=0.95)
    left, right = (figure.add_subplot(2, 2, k) for k in (3, 4))
    plot_trajectories(D, steps=steps, ax=left)
    smooth = moving_average(result.losses[:, best], each_side=_EVERY // 2)[::_EVERY]
    plot_curves(steps[:-1], smooth.unsqueeze(0), labels=["loss, mean of 25 batches"], ax=right)
    right.set(xlabel="step", ylabel="loss", yscale="log")
    figure.suptitle("$n = 6$, $m = 3$, two sets of three, $1 - S = 0.05$, best of 20")
    cosine = gram(F.normalize(W[-1], dim=0))
    own_sets = cosines_within_sets(W[-1:], set_size=3)
    claims = [
        within("an octahedron, D_i = 1/2", D[-1], low=0.48, high=0.52),
        within("features of a set are orthogonal, |cosine|", own_sets.abs(), high=0.1),
        within(
            "antipodes are across the sets: cosine with the nearest antipode",
            cosine[:3, 3:].amin(-1),
            high=-0.95,
        ),
    ]
    return Reproduction(figure, claims)
