"""Models, batches and checks that several exercises of chapter 10 share.

Two directions may raise a loss to exactly the same value, as when both silence all outputs. Either
is right, so attacks are compared by `_loss_and_distance`.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, in_double


def batch(draw: Draw, *shape: int) -> Tensor:
    """Inputs of which about two fifths are 0."""
    return draw.uniform(*shape, low=-0.7).clamp(min=0)


def model(draw: Draw, *instances: int, n_hidden: int, n_features: int) -> dict[str, Any]:
    """Weights, biases and importances of each instance."""
    return {
        "W": 0.7 * draw.normal(*instances, n_hidden, n_features),
        "b": 0.3 * draw.normal(*instances, n_features),
        "importance": draw.uniform(*instances, n_features, low=0.3, high=2.0),
    }


def attackable(draw: Draw, *instances: int, n_rows: int, n_hidden: int, n_features: int) -> Call:
    """A batch, a model of each instance, and a size for each."""
    return in_double(
        call(
            batch(draw, *instances, n_rows, n_features),
            **model(draw, *instances, n_hidden=n_hidden, n_features=n_features),
            size=draw.uniform(*instances, low=0.1, high=0.6),
        )
    )


def _attack_by_hand(_draw: Draw) -> Iterator[Call]:
    # two features in one dimension; the rows of W^T W point along (0.6, -0.8) and against it
    W, b = torch.tensor([[[0.6, -0.8]]]), torch.zeros(1, 2)
    x = torch.tensor([[[0.5, 0.0], [0.2, 0.0]]])
    yield call(x, W=W, b=b, importance=torch.ones(2), size=torch.tensor([0.1]))
    # the same with a third feature, which nothing represents
    W = torch.tensor([[[0.6, -0.8, 0.0]]])
    x = torch.tensor([[[0.5, 0.0, 0.3], [0.0, 0.5, 0.2], [0.0, 0.0, 0.0]]])
    importance = torch.tensor([[1.0, 0.25, 1.0]])
    yield call(x, W=W, b=torch.zeros(1, 3), importance=importance, size=torch.tensor([0.2]))


def _several_models(draw: Draw) -> Iterator[Call]:
    # as many inputs as features, and as many instances as inputs, so that axes can be confused;
    # many instances, so that two wrong choices do not agree in all of them
    yield attackable(draw, 40, n_rows=5, n_hidden=2, n_features=5)
    yield attackable(draw, 6, n_rows=6, n_hidden=3, n_features=5)


def _lone_models(draw: Draw) -> Iterator[Call]:
    yield attackable(draw, 1, n_rows=4, n_hidden=2, n_features=5)
    yield attackable(draw, n_rows=7, n_hidden=2, n_features=4)
    yield attackable(draw, 2, 3, n_rows=3, n_hidden=2, n_features=4)  # any number of instance axes
    yield attackable(draw, 2, n_rows=1, n_hidden=2, n_features=4)


def outputs_too_low(draw: Draw) -> Call:
    """Models that return less than they got: most directions help, but for the one without length.

    Below half of its size every one of them does.
    """
    some = attackable(draw, 3, n_rows=4, n_hidden=4, n_features=4)
    some.kwargs["W"][:] = torch.diag(torch.tensor([0.7, 0.6, 0.8, 0.0]))
    some.kwargs["b"][:] = 0.0
    some.args[0][..., :3] = draw.uniform(3, 4, 3, low=0.4)
    return some


def _ignored_features(draw: Draw) -> Iterator[Call]:
    """Columns of zeros, and one importance for all features of a model, or of all models.

    The direction of an ignored feature, 0, is tried like the others, and may be the worst.
    """
    for axes in ((3, 1), (6,)):
        some = attackable(draw, 3, n_rows=5, n_hidden=2, n_features=6)
        some.kwargs["W"][:, :, [1, 4]] = 0.0
        yield some.replace({"importance": draw.uniform(*axes, low=0.3, high=2.0).double()})
    some = outputs_too_low(draw)
    yield some.replace({"size": some.kwargs["size"] / 2})


def _no_size(draw: Draw) -> Iterator[Call]:
    some = attackable(draw, 3, n_rows=4, n_hidden=2, n_features=5)
    some.kwargs["size"][1] = 0.0
    yield some


def losses_under(attack: Any, call: Call) -> Tensor:
    """What an attack achieves: the loss of every input of the call."""
    model = {name: call.kwargs[name] for name in ("W", "b", "importance")}
    (x,) = call.args
    return tms_lib.attacked_losses(x, attack, **model)


def _loss_and_distance(value: Any, call: Call) -> tuple[Tensor, Tensor]:
    """What an attack achieves, and how far it is from the nearest attack along a direction.

    The loss is an input's own, or the batch's mean if all inputs have one attack.
    """
    losses = losses_under(value, call)
    if value.shape[-2] < losses.shape[-1]:
        losses = losses.mean(-1)
    along = call.kwargs["size"][..., None, None] * tms_lib.attack_directions(call.kwargs["W"])
    away = torch.linalg.vector_norm(value.unsqueeze(-2) - along.unsqueeze(-3), dim=-1)
    return losses, away.amin(-1)


# of an attack along a direction, for all inputs or for each
ATTACK_CHECKS = (
    equals_reference("several instances", _several_models, measure=_loss_and_distance, weight=2),
    equals_reference(
        "two features in one dimension, by hand", _attack_by_hand, measure=_loss_and_distance
    ),
    equals_reference(
        "one instance keeps its axis, and none needs one",
        _lone_models,
        measure=_loss_and_distance,
    ),
    equals_reference(
        "features that nothing represents", _ignored_features, measure=_loss_and_distance
    ),
    equals_reference("an attack of size 0", _no_size, measure=_loss_and_distance),
    *contract(_several_models, measure=_loss_and_distance),
)
