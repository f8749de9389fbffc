"""The exercise `ReLUOutputModel`: the ReLU output model as a torch module.

The answer is a class. Checks make an object of it and say what to do with that one.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call
from autograder.claims import (
    equals_reference,
    keeps_arguments,
    keeps_double,
    matches_theory,
    passes_gradients,
    uses_generator,
)
from autograder.exercise import Draw, Exercise
from autograder.exercises.sparse_features._shared import (
    NORMAL_SHARES,
    SIGMAS,
    correlation,
    error_of_normal_shares,
    glorot,
    n_weights,
    off_diagonal,
    shares_below,
    sizes,
)
from autograder.exercises.toy_models.relu_output_model_slips import SLIPS
from autograder.handles import calls, sets


def _new(draw: Draw) -> Iterator[Call]:
    yield sizes(draw, 3, 2, 5).then(calls("state_dict"))
    yield sizes(draw, 1, 4, 6).then(calls("state_dict"))


def _parameters(draw: Draw) -> Iterator[Call]:
    yield sizes(draw, 3, 2, 5).then(calls("get_parameter", "W"), calls("get_parameter", "b"))


def _large(draw: Draw) -> Iterator[Call]:
    # weights enough that every slip's scale is another
    yield sizes(draw, 4, 40, 60).then(calls("state_dict"))


def _pair_by_hand(draw: Draw) -> Iterator[Call]:
    W, b = torch.tensor([[[1.0, -1.0]]]), torch.tensor([[-0.2, 0.5]])
    x = torch.tensor([[[0.7, 0.0], [0.0, 0.3]]])
    yield sizes(draw, 1, 1, 2).then(sets("W", W), sets("b", b), calls("", x))


def _with_weights(draw: Draw, *shape: int, batches: tuple[int, ...]) -> Call:
    """A model of instances, hidden and features gets random W and b, and then these batches."""
    n_instances, _, n_features = shape
    return sizes(draw, *shape).then(
        sets("W", draw.normal(*shape)),
        sets("b", draw.normal(n_instances, n_features)),
        *(calls("", draw.normal(n_instances, n, n_features)) for n in batches),
    )


def _models(draw: Draw) -> Iterator[Call]:
    yield _with_weights(draw, 4, 2, 5, batches=(4,))  # as many samples: b may meet the batch axis
    yield _with_weights(draw, 3, 4, 6, batches=(2, 7))  # nothing of the first may stay


def _lone_model(draw: Draw) -> Iterator[Call]:
    yield _with_weights(draw, 1, 3, 5, batches=(6,))


def _models_in_double(draw: Draw) -> Iterator[Call]:
    model = _with_weights(draw, 4, 2, 5, batches=(4,))
    yield replace(model, steps=(calls("double"), *model.steps))


def _loaded(draw: Draw) -> Iterator[Call]:
    state = {"W": draw.normal(3, 2, 5), "b": draw.normal(3, 5)}
    x = draw.uniform(3, 6, 5)
    yield sizes(draw, 3, 2, 5).then(calls("load_state_dict", state), calls("", x))


def _of_state(value: Any, name: str) -> Tensor:
    ((_, state),) = value.items()
    return state[name].double()


def _are_finite(value: Any, _call: Call) -> Tensor:
    return torch.stack([_of_state(value, name).isfinite().all() for name in ("W", "b")])


def _scales(value: Any, _call: Call) -> Tensor:
    return (_of_state(value, "W") ** 2).mean((-2, -1)).sqrt()


def _between_instances(value: Any, _call: Call) -> Tensor:
    return off_diagonal(correlation(_of_state(value, "W").flatten(1).T))


class _Einsum(torch.nn.Module):
    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        W = torch.randn(n_instances, n_features, n_hidden, generator=generator).mT
        self.b = torch.nn.Parameter(torch.zeros(n_instances, n_features))
        self.W = torch.nn.Parameter(W * math.sqrt(2 / (n_hidden + n_features)))

    def forward(self, x):
        hidden = torch.einsum("ihf,ibf->ibh", self.W, x)
        return (torch.einsum("ihf,ibh->ibf", self.W, hidden) + self.b[:, None]).clamp(min=0)


EXERCISE = Exercise(
    reference=tms_lib.ReLUOutputModel,
    points=3,
    minutes=12,
    difficulty=2,
    checks=(
        equals_reference(
            "a new model saves W and b, in their shapes, and both are finite",
            _new,
            measure=_are_finite,
            weight=3,
        ),
        equals_reference(
            "W and b are parameters",
            _parameters,
            measure=lambda value, _: torch.stack([v.isfinite().all() for v in value.values()]),
            weight=2,
        ),
        equals_reference("b starts at 0", _new, measure=lambda value, _: _of_state(value, "b")),
        matches_theory(
            "W starts with the standard deviation sqrt(2 / (hidden + features)) in every instance",
            _large,
            measure=_scales,
            expected=lambda call: torch.full(
                (call.kwargs["n_instances"],), glorot(call), dtype=torch.float64
            ),
            # the standard error of a standard deviation from N normal numbers is std / sqrt(2 N)
            tolerance=lambda call: SIGMAS * glorot(call) / math.sqrt(2 * n_weights(call)),
            weight=2,
        ),
        matches_theory(
            "the weights are normal: a sixth of them lies a standard deviation below 0, and so on",
            _large,
            measure=lambda value, _: shares_below(_of_state(value, "W")),
            expected=lambda _: NORMAL_SHARES,
            tolerance=error_of_normal_shares,
        ),
        matches_theory(
            "any two instances start from uncorrelated weights",
            _large,
            measure=_between_instances,
            expected=lambda call: torch.zeros(2 * (call.kwargs["n_instances"],)).double(),
            # a correlation over N independent pairs has the standard error 1 / sqrt(N)
            tolerance=lambda call: SIGMAS / math.sqrt(n_weights(call)),
        ),
        uses_generator(_new),
        equals_reference("an antipodal pair, by hand", _pair_by_hand),
        equals_reference("the outputs for given W and b, several instances", _models, weight=3),
        equals_reference("one instance keeps its axis", _lone_model),
        equals_reference("a saved state can be loaded", _loaded),
        keeps_arguments(_models),
        keeps_double(_models_in_double),
        replace(passes_gradients(_models_in_double, ".W", ".b"), weight=3),
    ),
    slips=SLIPS,
    also_right=_Einsum,
)
