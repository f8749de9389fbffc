"""The exercise `relax`: from a given start down the exact loss.

Models are graded by their exact loss: it must be that of the solution downhill from the start.
"""

import functools
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import WrongValueError, holds, keeps_arguments
from autograder.compare import form_difference
from autograder.exercise import Draw, Exercise
from autograder.exercises.correlation.relax_slips import SLIPS

_N_STEPS, _LR = 80, 0.02


def _short_descents(draw: Draw) -> Iterator[Call]:
    for n_instances, n_hidden, n_features, lr in ((3, 2, 4, 0.01), (1, 1, 3, 0.002)):
        yield call(
            0.5 * draw.normal(n_instances, n_hidden, n_features),
            0.5 * draw.normal(n_instances, n_features),
            feature_probability=draw.uniform(n_instances, n_features, low=0.1, high=0.3),
            importance=draw.uniform(n_features, low=0.5),
            n_steps=3,
            lr=lr,
        )


def _in_double(draw: Draw) -> Iterator[Call]:
    for short in _short_descents(draw):
        yield short.map(lambda value: value.double() if isinstance(value, Tensor) else value)


def _descents(draw: Draw) -> Iterator[Call]:
    """Three antipodal pairs, each of which leaves out another feature, at other densities."""
    signs = torch.tensor([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0], [1.0, 0.0, -1.0]])
    density = torch.tensor([0.25, 0.2, 0.15])
    p = torch.stack([density, density.roll(1), density]) * draw.uniform(3, 3, low=0.95, high=1.05)
    # biases that are too high all over, so that they have a way to go
    yield call(
        0.9 * signs.unsqueeze(1),
        0.06 + (signs == 0) * p / 2,
        feature_probability=p,
        importance=torch.tensor([1.2, 0.8, 1.0]) * draw.uniform(3, low=0.97, high=1.03),
        n_steps=_N_STEPS,
        lr=_LR,
    )


def _form_problem(value: Any, call: Call) -> str | None:
    """What is wrong with the value's form, told by the names of the axes."""
    W, b = call.args
    expected = (W, b, W[:, 0, 0])
    names = ("W: instances hidden features", "b: instances features", "loss: instances")
    if not isinstance(value, tuple) or len(value) != 3:
        return form_difference(value, expected)
    found = map(lambda v, e, n: form_difference(v, e, axes=n), value, expected, names)
    return next((text for text in found if text), None)


def _short_problem(value: Any, call: Call) -> str | None:
    """Also tells whether n_steps and lr were used: Adam moves by about its rate in each step.

    And whether the losses are older than W and b: so early, each step still lowers them.
    """
    if problem := _form_problem(value, call):
        return problem
    reach = 2 * call.kwargs["n_steps"] * call.kwargs["lr"]
    for new, old, name in zip(value, call.args, "Wb", strict=False):
        way = (new - old).abs().max()
        if way > 10 * reach:
            return f"{name} is far from where it was to start. Start at the {name} given."
        if way > reach:
            return (
                f"{name} is farther from its start than n_steps steps of at most lr can take it. "
                "Pass n_steps and lr on."
            )
    if not all(part.isfinite().all() for part in value):
        return "Some values are not finite."
    W, b, loss = value
    known = {name: call.kwargs[name] for name in ("feature_probability", "importance")}
    exact = tms_lib.expected_relu_loss(W, b, **known)
    off = loss / exact - 1
    if (off.abs() < 1e-4).all():
        return None
    if ((loss - tms_lib.expected_relu_loss(*call.args, **known)).abs() < 1e-6).all():
        return "The losses are those of the start."
    if ((off > 0) & (off < 0.1)).all():
        return "The losses are a little above the exact losses of the W and b beside them."
    return None  # what else may be wrong shows after a whole descent


def _descended_problem(value: Any, call: Call) -> str | None:
    """What is wrong with models that should have arrived, in sentences without chance.

    The losses of Adam with all usual schedules and settings agree within 1e-4 here. Those of the
    three pairs differ by a hundredth or more.
    """
    if _form_problem(value, call):
        early = "Not tested: the shapes come first."
        raise WrongValueError(early, public=early)
    W, b, loss = value
    known = {name: call.kwargs[name] for name in ("feature_probability", "importance")}
    exact, goal = tms_lib.expected_relu_loss(W, b, **known), _minimum(call, **known)
    # the loss of finite weights as well: those of 1e38 have none, and nothing is above none
    if not all(part.isfinite().all() for part in (*value, exact)):
        return "Some values are not finite."
    told = []
    if (exact > 1.003 * goal).any():
        told.append("The exact loss of some W and b is above that of the minimum downhill.")
        told += _explanations(W, b, call)
    if (exact < 0.997 * goal).any():
        told.append("Some W and b are another solution than the one downhill from the start.")
    if ((loss - exact).abs() > 0.003 * exact).any():
        start = tms_lib.expected_relu_loss(*call.args, **known)
        at_start = ((loss - start).abs() <= 0.003 * start).all()
        told.append(
            "The losses are those of the start."
            if at_start
            else "Some losses are not the exact losses of the W and b beside them."
        )
    return " ".join(told) or None


def _explanations(W: Tensor, b: Tensor, call: Call) -> Iterator[str]:
    """For models that have not arrived: what they would be good for, and what did not move."""
    for part, start, name in zip((W, b), call.args, "Wb", strict=True):
        if torch.equal(part, start):
            yield f"{name} has not moved."
    p, importance = call.kwargs["feature_probability"], call.kwargs["importance"]
    all_one = torch.ones_like(importance)
    mean = p.mean(-1, keepdim=True).expand_as(p)
    for sentence, known in {
        "Were all features equally important, they would be good.": (p, all_one),
        "Had all features their model's mean density, they would be good.": (mean, importance),
    }.items():
        known = dict(zip(("feature_probability", "importance"), known, strict=True))
        exact = tms_lib.expected_relu_loss(W, b, **known)
        if (exact <= 1.003 * _minimum(call, **known)).all():
            yield sentence


def _minimum(call: Call, *, feature_probability: Tensor, importance: Tensor) -> Tensor:
    """The losses downhill from the call's start, for these features."""
    parts = (*call.args, feature_probability, importance)
    return torch.tensor(_known_minimum(*(_as_tuple(part.tolist()) for part in parts)))


def _as_tuple(values: Any) -> Any:
    return tuple(map(_as_tuple, values)) if isinstance(values, list) else values


@functools.cache  # it takes a second, and every slip asks for it
def _known_minimum(W: Any, b: Any, p: Any, importance: Any) -> tuple[float, ...]:
    _, _, losses = tms_lib.relax(
        torch.tensor(W),
        torch.tensor(b),
        feature_probability=torch.tensor(p),
        importance=torch.tensor(importance),
        n_steps=_N_STEPS,
        lr=_LR,
    )
    return tuple(losses.tolist())


def _own_loop(W, b, *, feature_probability, importance, n_steps, lr):
    # torch's own Adam, every part of it written out
    W, b = (part.detach().clone().requires_grad_() for part in (W, b))
    known = {"feature_probability": feature_probability, "importance": importance}
    optimizer = torch.optim.Adam([W, b], lr=lr)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1e-3, total_iters=n_steps)
    for _ in range(n_steps):
        optimizer.zero_grad()
        tms_lib.expected_relu_loss(W, b, **known).sum().backward()
        optimizer.step()
        schedule.step()
    W, b = W.detach(), b.detach()
    return W, b, tms_lib.expected_relu_loss(W, b, **known)


EXERCISE = Exercise(
    reference=tms_lib.relax,
    points=3,
    minutes=14,
    difficulty=3,
    seconds=30,
    checks=(
        holds(
            "shapes, also with one instance; n_steps and lr are used",
            _short_descents,
            problem=_short_problem,
            cut=True,
        ),
        holds(
            "each model goes down to the minimum below it, and the losses are theirs",
            _descents,
            problem=_descended_problem,
            weight=6,
        ),
        holds("float64 in, float64 out", _in_double, problem=_short_problem),
        keeps_arguments(_short_descents, measure=_short_problem),
    ),
    slips=SLIPS,
    also_right=_own_loop,
)
