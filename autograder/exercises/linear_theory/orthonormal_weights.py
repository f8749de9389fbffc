"""The exercise `orthonormal_weights`: random hidden spaces, all equally likely."""

import math
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import holds, matches_theory, uses_generator
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import theory

_N_SPACES = 4000


def _sizes(draw: Draw, n_instances: int, n_hidden: int, n_features: int) -> Call:
    return call(
        n_instances=n_instances,
        n_hidden=n_hidden,
        n_features=n_features,
        generator=draw.generator(),
    )


def _small_sizes(draw: Draw) -> Iterator[Call]:
    yield _sizes(draw, 3, 2, 5)
    yield _sizes(draw, 1, 4, 6)


def _small_and_least_sizes(draw: Draw) -> Iterator[Call]:
    yield from _small_sizes(draw)
    yield _sizes(draw, 2, 1, 1)  # as many rows as features; there is no choice, so not above


def _a_few_spaces(draw: Draw) -> Iterator[Call]:
    yield _sizes(draw, 8, 2, 5)


def _shared_space_problem(value: Any, call: Call) -> str | None:
    """Whether instances share a space, which random ones do with no chance to speak of."""
    shape = tuple(call.kwargs[name] for name in ("n_instances", "n_hidden", "n_features"))
    if not isinstance(value, Tensor) or value.shape != shape:
        return "Not tested: the shape comes first."
    P = (value.double().mT @ value.double()).flatten(1)
    if torch.pdist(P).min() < 1e-3:
        return "Some instances have the same hidden space. Each one has to draw its own."
    return None


def _many_spaces(draw: Draw) -> Iterator[Call]:
    yield _sizes(draw, _N_SPACES, 2, 6)
    yield _sizes(draw, _N_SPACES, 1, 5)


def _products_of_rows(W: Tensor, _call: Call) -> Tensor:
    return W.double() @ W.double().mT


def _identity(call: Call) -> Tensor:
    instances, m = call.kwargs["n_instances"], call.kwargs["n_hidden"]
    return torch.eye(m, dtype=torch.float64).expand(instances, m, m)


def _mean_projection(W: Tensor, _call: Call) -> Tensor:
    return (W.double().mT @ W.double()).mean(0)


def _equal_shares(call: Call) -> Tensor:
    m, n = call.kwargs["n_hidden"], call.kwargs["n_features"]
    return m / n * torch.eye(n, dtype=torch.float64)


def _error_of_the_mean(call: Call) -> Tensor:
    """Six standard errors of each entry: over 36 entries the chance of more is below 1e-7.

    The squares of all entries of P add up to m. The diagonal's part of that is known, and all
    other entries have the same variance.
    """
    m, n = call.kwargs["n_hidden"], call.kwargs["n_features"]
    rest = m - n * _share_moment(call, 2)
    variance = torch.full((n, n), rest / (n * (n - 1)), dtype=torch.float64)
    variance.fill_diagonal_(_share_moment(call, 2) - _share_moment(call, 1) ** 2)
    return 6 * (variance / _N_SPACES).sqrt()


def _mean_squared_shares(W: Tensor, _call: Call) -> Tensor:
    return ((W.double() ** 2).sum(-2) ** 2).mean(0)


def _squared_shares(call: Call) -> Tensor:
    n = call.kwargs["n_features"]
    return torch.full((n,), _share_moment(call, 2), dtype=torch.float64)


def _error_of_the_squares(call: Call) -> float:
    """Six standard errors, as above."""
    return 6 * math.sqrt((_share_moment(call, 4) - _share_moment(call, 2) ** 2) / _N_SPACES)


def _share_moment(call: Call, k: int) -> float:
    """E[P_ii^k]: a share follows the Beta law with parameters m/2 and (n - m)/2."""
    m, n = call.kwargs["n_hidden"], call.kwargs["n_features"]
    return math.prod((m / 2 + r) / (n / 2 + r) for r in range(k))


def _unit_rows(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    W = torch.randn(n_instances, n_hidden, n_features, generator=generator)
    return F.normalize(W, dim=-1)


def _unit_columns(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    W = torch.randn(n_instances, n_hidden, n_features, generator=generator)
    return F.normalize(W, dim=-2)


def _nearly_orthonormal(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    W = torch.randn(n_instances, n_hidden, n_features, generator=generator)
    return W / n_features**0.5


def _orthogonal_over_instances(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    W = torch.empty(n_instances, n_hidden, n_features)
    return torch.nn.init.orthogonal_(W, generator=generator)


def _decomposes_the_rows(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    W = torch.randn(n_instances, n_hidden, n_features, generator=generator)
    return torch.linalg.qr(W).Q


def _forgets_to_transpose(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    columns = torch.randn(n_instances, n_features, n_hidden, generator=generator)
    return torch.linalg.qr(columns).Q


def _positive_numbers(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    columns = torch.rand(n_instances, n_features, n_hidden, generator=generator)
    return torch.linalg.qr(columns).Q.mT


def _same_space_everywhere(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    columns = torch.randn(n_features, n_hidden, generator=generator)
    return torch.linalg.qr(columns).Q.mT.repeat(n_instances, 1, 1)


def _first_features(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    turn = torch.linalg.qr(torch.randn(n_instances, n_hidden, n_hidden, generator=generator)).Q
    return turn @ torch.eye(n_hidden, n_features)


def _random_features(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    kept = torch.rand(n_instances, n_features, generator=generator).argsort(-1)[:, :n_hidden]
    return F.one_hot(kept, n_features).float()


def _one_row_after_another(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    """Gram and Schmidt, in double precision so that nothing of the earlier rows is left."""
    rows: list[Tensor] = []
    for _ in range(n_hidden):
        row = torch.randn(n_instances, n_features, generator=generator).double()
        for earlier in rows:
            row = row - (row * earlier).sum(-1, keepdim=True) * earlier
        rows.append(row / row.norm(dim=-1, keepdim=True))
    return torch.stack(rows, dim=1).float()


EXERCISE = Exercise(
    reference=theory.orthonormal_weights,
    points=2,
    minutes=12,
    difficulty=2,
    checks=(
        matches_theory(
            "the shape is (instances, hidden, features), and the rows are orthonormal",
            _small_and_least_sizes,
            measure=_products_of_rows,
            expected=_identity,
            tolerance=lambda _: 1e-3,  # float32 rounds a thousand times finer
            weight=2,
        ),
        matches_theory(
            "on average every feature has the same share of a hidden space",
            _many_spaces,
            measure=_mean_projection,
            expected=_equal_shares,
            tolerance=_error_of_the_mean,
            weight=2,
        ),
        matches_theory(
            "the shares of single spaces vary as they should",
            _many_spaces,
            measure=_mean_squared_shares,
            expected=_squared_shares,
            tolerance=_error_of_the_squares,
        ),
        holds("each instance has a space of its own", _a_few_spaces, problem=_shared_space_problem),
        uses_generator(_small_sizes),
    ),
    slips=(
        Slip(
            answer=_unit_rows,
            says="Your rows have length 1 but are not orthogonal. torch.linalg.qr makes them so.",
        ),
        Slip(
            answer=_unit_columns,
            says="You gave the columns length 1. The rows of W must be orthonormal.",
        ),
        Slip(
            answer=_nearly_orthonormal,
            says="Your rows are orthonormal on average only. Orthonormalise them, with "
            "torch.linalg.qr for example.",
        ),
        Slip(
            answer=_orthogonal_over_instances,
            says="orthogonal_ took the instances for rows and made them orthogonal to each other. "
            "The rows of each W must be.",
        ),
        Slip(
            answer=_decomposes_the_rows,
            says="You decomposed a hidden x features matrix, whose Q is hidden x hidden. QR makes "
            "columns orthonormal: decompose features x hidden, and transpose Q.",
        ),
        Slip(
            answer=_forgets_to_transpose,
            says="Your columns are orthonormal, and the axes are features, hidden. Transpose Q: "
            "the rows of W are its columns.",
        ),
        Slip(
            answer=_positive_numbers,
            says="torch.rand is never negative, so your spaces lean towards the direction in which "
            "all features agree. torch.randn prefers none.",
        ),
        Slip(
            answer=_same_space_everywhere,
            says="All instances have the same hidden space. Draw one for each.",
        ),
        Slip(
            answer=_first_features,
            says="Your hidden space is always that of the first features. Turning it inside does "
            "not change it: draw its directions among all features.",
        ),
        Slip(
            answer=_random_features,
            says="Your hidden spaces always consist of whole features. That is a choice among few; "
            "all directions must be equally likely.",
        ),
    ),
    also_right=_one_row_after_another,
)
