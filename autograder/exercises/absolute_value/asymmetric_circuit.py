"""The exercise `asymmetric_circuit`: a shared neuron and its inhibitor, made by hand."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.absolute_value._shared import behaviour
from tms_lib import circuits


def _function(value: Any, _call: Call) -> Any:
    """What the circuit computes: it stays the same in any order and scale of neurons."""
    return behaviour(*value)


def _the_papers_ratio(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor(2.0), margin=0.5)
    yield call(torch.tensor([2.0, 4.0]), margin=1.0)


def _ratios(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(5, low=1.2, high=4.0), margin=draw.integer(1, 9) / 4)
    yield call(draw.uniform(3, low=0.3, high=0.9), margin=draw.integer(1, 9) / 4)


def _lone_ratios(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(1, low=1.2, high=4.0), margin=0.75)
    yield call(draw.uniform(low=1.2, high=4.0), margin=2.0)
    yield call(draw.uniform(2, 3, low=1.2, high=4.0), margin=1.25)


def _edges(draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([1.0, 3.0]), margin=0.0)
    yield call(torch.ones(2), margin=draw.integer(1, 8) / 4)


def _in_thirds(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(4, low=4.0, high=9.0).double() / 3, margin=1 / 3)


def _no_inhibitor(ratio: Tensor, *, margin: float) -> tuple[Tensor, Tensor]:  # noqa: ARG001  (unused: that is the slip)
    o = torch.zeros_like(ratio)
    W1 = torch.stack([ratio, -1 / ratio, o, o], dim=-1).unflatten(-1, (2, 2))
    W2 = torch.stack([1 / ratio, o, ratio, o], dim=-1).unflatten(-1, (2, 2))
    return W1, W2


def _only_the_margin(ratio: Tensor, *, margin: float) -> tuple[Tensor, Tensor]:
    o, one = torch.zeros_like(ratio), torch.ones_like(ratio)
    W1 = torch.stack([ratio, -1 / ratio, one, o], dim=-1).unflatten(-1, (2, 2))
    W2 = torch.stack([1 / ratio, o, ratio, -margin * one], dim=-1).unflatten(-1, (2, 2))
    return W1, W2


def _without_the_margin(ratio: Tensor, *, margin: float) -> tuple[Tensor, Tensor]:  # noqa: ARG001  (unused: that is the slip)
    o, one = torch.zeros_like(ratio), torch.ones_like(ratio)
    W1 = torch.stack([ratio, -1 / ratio, one, o], dim=-1).unflatten(-1, (2, 2))
    W2 = torch.stack([1 / ratio, o, ratio, -(ratio**2)], dim=-1).unflatten(-1, (2, 2))
    return W1, W2


def _disturbance_not_squared(ratio: Tensor, *, margin: float) -> tuple[Tensor, Tensor]:
    o, one = torch.zeros_like(ratio), torch.ones_like(ratio)
    W1 = torch.stack([ratio, -1 / ratio, one, o], dim=-1).unflatten(-1, (2, 2))
    W2 = torch.stack([1 / ratio, o, ratio, -(ratio + margin)], dim=-1).unflatten(-1, (2, 2))
    return W1, W2


def _excites(ratio: Tensor, *, margin: float) -> tuple[Tensor, Tensor]:
    o, one = torch.zeros_like(ratio), torch.ones_like(ratio)
    W1 = torch.stack([ratio, -1 / ratio, one, o], dim=-1).unflatten(-1, (2, 2))
    W2 = torch.stack([1 / ratio, o, ratio, ratio**2 + margin], dim=-1).unflatten(-1, (2, 2))
    return W1, W2


def _inhibits_output_0(ratio: Tensor, *, margin: float) -> tuple[Tensor, Tensor]:
    o, one = torch.zeros_like(ratio), torch.ones_like(ratio)
    W1 = torch.stack([ratio, -1 / ratio, one, o], dim=-1).unflatten(-1, (2, 2))
    W2 = torch.stack([1 / ratio, -(ratio**2 + margin), ratio, o], dim=-1).unflatten(-1, (2, 2))
    return W1, W2


def _inhibited_by_feature_1(ratio: Tensor, *, margin: float) -> tuple[Tensor, Tensor]:
    o, one = torch.zeros_like(ratio), torch.ones_like(ratio)
    W1 = torch.stack([ratio, -1 / ratio, o, -one], dim=-1).unflatten(-1, (2, 2))
    W2 = torch.stack([1 / ratio, o, ratio, -(ratio**2 + margin)], dim=-1).unflatten(-1, (2, 2))
    return W1, W2


def _writes_as_it_reads(ratio: Tensor, *, margin: float) -> tuple[Tensor, Tensor]:
    o, one = torch.zeros_like(ratio), torch.ones_like(ratio)
    W1 = torch.stack([ratio, -1 / ratio, one, o], dim=-1).unflatten(-1, (2, 2))
    W2 = torch.stack([ratio, o, 1 / ratio, -(ratio**2 + margin)], dim=-1).unflatten(-1, (2, 2))
    return W1, W2


def _both_positive_sides(ratio: Tensor, *, margin: float) -> tuple[Tensor, Tensor]:
    o, one = torch.zeros_like(ratio), torch.ones_like(ratio)
    W1 = torch.stack([ratio, 1 / ratio, one, o], dim=-1).unflatten(-1, (2, 2))
    W2 = torch.stack([1 / ratio, o, ratio, -(ratio**2 + margin)], dim=-1).unflatten(-1, (2, 2))
    return W1, W2


def _negative_weight_out(ratio: Tensor, *, margin: float) -> tuple[Tensor, Tensor]:
    o, one = torch.zeros_like(ratio), torch.ones_like(ratio)
    W1 = torch.stack([ratio, -1 / ratio, one, o], dim=-1).unflatten(-1, (2, 2))
    W2 = torch.stack([1 / ratio, o, -ratio, -(ratio**2 + margin)], dim=-1).unflatten(-1, (2, 2))
    return W1, W2


def _inverse_ratio(ratio: Tensor, *, margin: float) -> tuple[Tensor, Tensor]:
    o, one = torch.zeros_like(ratio), torch.ones_like(ratio)
    W1 = torch.stack([1 / ratio, -ratio, one, o], dim=-1).unflatten(-1, (2, 2))
    W2 = torch.stack([ratio, o, 1 / ratio, -(ratio**2 + margin)], dim=-1).unflatten(-1, (2, 2))
    return W1, W2


def _w2_not_transposed(ratio: Tensor, *, margin: float) -> tuple[Tensor, Tensor]:
    o, one = torch.zeros_like(ratio), torch.ones_like(ratio)
    W1 = torch.stack([ratio, -1 / ratio, one, o], dim=-1).unflatten(-1, (2, 2))
    W2 = torch.stack([1 / ratio, ratio, o, -(ratio**2 + margin)], dim=-1).unflatten(-1, (2, 2))
    return W1, W2


def _inhibitor_at_the_shared_neurons_scale(
    ratio: Tensor, *, margin: float
) -> tuple[Tensor, Tensor]:
    W1 = torch.zeros(*ratio.shape, 2, 2, dtype=ratio.dtype, device=ratio.device)
    W2 = torch.zeros_like(W1)
    # the inhibitor first, with the weight that the other neuron reads with
    W1[..., 0, 0] = ratio
    W2[..., 1, 0] = -ratio - margin / ratio
    W1[..., 1, 0], W1[..., 1, 1] = ratio, -(ratio**-1)
    W2[..., 0, 1], W2[..., 1, 1] = ratio**-1, ratio
    return W1, W2


EXERCISE = Exercise(
    reference=circuits.asymmetric_circuit,
    points=3,
    minutes=14,
    difficulty=3,
    checks=(
        equals_reference("the paper's ratio, 2", _the_papers_ratio, measure=_function),
        equals_reference("other ratios and margins", _ratios, measure=_function, weight=2),
        equals_reference("one circuit, and no instance axis", _lone_ratios, measure=_function),
        equals_reference("ratio 1 and margin 0", _edges, measure=_function),
        *contract(_in_thirds, measure=_function),
    ),
    slips=(
        Slip(
            answer=_no_inhibitor,
            says="Your second neuron does nothing, so feature 0 alone still sets output 1 to r^2.",
        ),
        Slip(
            answer=_only_the_margin,
            says="Your inhibitor takes only the margin away. It must first take away what the "
            "shared neuron adds to output 1, r times r.",
        ),
        Slip(
            answer=_without_the_margin,
            says="You left out the margin: feature 0 alone leaves output 1 at 0, not at -margin.",
        ),
        Slip(
            answer=_disturbance_not_squared,
            says="Feature 0 turns the shared neuron on to r, and that neuron writes r into output "
            "1. Take r^2 away, not r.",
        ),
        Slip(
            answer=_excites,
            says="Your inhibitor writes with a positive weight, and doubles the disturbance.",
        ),
        Slip(
            answer=_inhibits_output_0,
            says="Your inhibitor writes into output 0, the right answer of feature 0. The "
            "disturbance is in output 1.",
        ),
        Slip(
            answer=_inhibited_by_feature_1,
            says="Your inhibitor reads feature 1 and silences that feature's own output. It is "
            "feature 0 that disturbs, so the inhibitor reads feature 0.",
        ),
        Slip(
            answer=_writes_as_it_reads,
            says="Your shared neuron writes with the ratio that it reads with, so feature 0 alone "
            "gives r^2 in output 0. What it reads with r it writes with 1/r.",
        ),
        Slip(
            answer=_both_positive_sides,
            says="Your shared neuron reads the positive side of feature 1. Its weight there is "
            "-1/r.",
        ),
        Slip(
            answer=_negative_weight_out,
            says="Your shared neuron writes into output 1 with a negative weight. Read with -1/r, "
            "x_1 = -1 turns it on, and then output 1 must grow.",
        ),
        Slip(
            answer=_inverse_ratio,
            says="You exchanged the features: feature 0 is read with r, feature 1 with -1/r.",
        ),
        Slip(
            answer=_w2_not_transposed,
            says="Your W2 is transposed. Its rows are outputs, its columns neurons.",
        ),
    ),
    also_right=_inhibitor_at_the_shared_neurons_scale,
)
