"""Models with one feature too many, trained over a grid of densities and importances.

The experiment that `tms_lib.theory.phase_change` predicts, on the exact loss or on samples.
"""

from concurrent.futures import Executor
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from tms_lib.evaluation import best_of_seeds
from tms_lib.models import ReLUOutputModel
from tms_lib.shards import Setting
from tms_lib.sweep import run_sweep
from tms_lib.theory.phase_change import check_grid, check_two_or_three
from tms_lib.theory.relu_loss import expected_relu_loss, two_feature_loss
from tms_lib.training import TrainConfig, minimise


def train_phase_grid(
    feature_probability: Float[Tensor, " densities"],
    relative_importance: Float[Tensor, " importances"],
    *,
    n_seeds: int,
    n_steps: int,
    lr: float,
    generator: torch.Generator,
) -> tuple[
    Float[Tensor, "densities importances 1 2"],
    Float[Tensor, "densities importances 2"],
    Float[Tensor, "densities importances"],
]:
    """The best of `n_seeds` models of two features in one dimension, at each point of a grid.

    They are trained on `two_feature_loss`, the exact loss, so that no sampling noise blurs the
    phase diagram. `classify_solution` of W is that diagram.

    Args:
        feature_probability: The density p of both features, for each row of the grid.
        relative_importance: The importance of the second feature, for each column. The first
            has 1.
        n_seeds: Models at each point. Many end in a worse solution than the best.
        n_steps: Steps of training.
        lr: Learning rate at the first step.
        generator: Source of randomness, for the starts only.

    Returns:
        W, b and the exact loss of the best model of each point.

    >>> W, b, loss = train_phase_grid(
    ...     torch.tensor([0.9, 0.1]), torch.tensor([0.5, 2.0]), n_seeds=8, n_steps=300, lr=0.1,
    ...     generator=torch.Generator().manual_seed(0)
    ... )
    >>> from tms_lib.theory import classify_solution
    >>> classify_solution(W)  # dense: the more important one is kept; sparse: superposition
    tensor([[0, 1],
            [2, 2]])
    """
    grid = torch.meshgrid(feature_probability, relative_importance, indexing="ij")
    # the seeds of one point stand together
    p, r = (axis.flatten().repeat_interleave(n_seeds) for axis in grid)
    importance = torch.stack([torch.ones_like(r), r], dim=-1)
    model = ReLUOutputModel(n_instances=len(p), n_features=2, n_hidden=1, generator=generator)

    def losses() -> Tensor:
        return two_feature_loss(
            model.W, model.b, feature_probability=p.unsqueeze(-1), importance=importance
        )

    minimise(model, losses, generator=generator, config=TrainConfig(n_steps=n_steps, lr=lr))
    final = losses().detach().unflatten(0, (-1, n_seeds))
    W, b = (
        best_of_seeds(values.detach().unflatten(0, (-1, n_seeds)), final)
        for values in (model.W, model.b)
    )
    shape = grid[0].shape
    return W.unflatten(0, shape), b.unflatten(0, shape), final.min(1).values.unflatten(0, shape)


def sweep_phase_grid(
    feature_probability: Float[Tensor, " densities"],
    relative_importance: Float[Tensor, " importances"],
    *,
    n_features: int,
    n_seeds: int,
    config: TrainConfig,
    seed: int,
    executor: Executor | None = None,
    folder: Path | None = None,
    progress: bool = False,
) -> tuple[
    Float[Tensor, "densities importances {n_features}-1 {n_features}"],
    Float[Tensor, "densities importances {n_features}"],
    Float[Tensor, "densities importances"],
]:
    """The best of `n_seeds` models at each point of a grid, trained on samples by `run_sweep`.

    The paper's experiment. 32 x 32 points with 8 seeds, 500 steps of 128 rows at lr 0.03 and two
    features took 15 s of processor time, so half of it on two cores.

    Args:
        feature_probability: The density p of all features, for each row of the grid.
        relative_importance: The importance of the last feature, for each column. Others have 1.
        n_features: 2, or 3 in two dimensions.
        n_seeds: As all that follow, see `run_sweep`.

    Returns:
        W, b and the exact loss of the best model of each point. The best is chosen by 4,096 rows,
        which rank the seeds well, but estimate the loss of sparse ones badly.

    Raises:
        ValueError: If `n_features` is neither 2 nor 3, and as `run_sweep`.

    >>> W, b, loss = sweep_phase_grid(
    ...     torch.tensor([0.9, 0.1]), torch.tensor([0.5, 2.0]), n_features=2, n_seeds=8,
    ...     config=TrainConfig(n_steps=500, batch_size=128, lr=0.03), seed=0
    ... )
    >>> from tms_lib.theory import classify_solution
    >>> classify_solution(W)
    tensor([[0, 1],
            [2, 2]])
    """
    check_two_or_three(n_features)
    check_grid(feature_probability.unsqueeze(-1), relative_importance)
    settings = [
        Setting(
            n_features=n_features,
            n_hidden=n_features - 1,
            feature_probability=p,
            importance=[*(n_features - 1) * [1.0], r],
        )
        for p in feature_probability.tolist()
        for r in relative_importance.tolist()
    ]
    results = run_sweep(
        settings,
        n_seeds=n_seeds,
        config=config,
        n_test=4096,
        seed=seed,
        executor=executor,
        folder=folder,
        progress=progress,
    )
    shape = (len(feature_probability), len(relative_importance))
    W, b = (torch.stack([result.parameters[name] for result in results]) for name in ("W", "b"))
    W, b = W.unflatten(0, shape), b.unflatten(0, shape)
    importance = torch.ones(len(relative_importance), n_features)
    importance[:, -1] = relative_importance
    p = feature_probability.reshape(-1, 1, 1)
    return W, b, expected_relu_loss(W, b, feature_probability=p, importance=importance)
