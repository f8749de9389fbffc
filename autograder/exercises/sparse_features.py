"""Chapter 1: conventions, the sparse-feature distribution, its sampler and its moments."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F  # noqa: N812  (torch's own convention)
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import (
    contract,
    equals_reference,
    keeps_arguments,
    matches_theory,
    uses_generator,
)
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import features, models

# Statistical tolerances are six standard errors: a normal number is farther off with probability
# 2e-9, and no report makes more than 500 such comparisons.
_SIGMAS = 6.0


# density


def _sparsities_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([0.0, 0.9, 1.0]))


def _sparsities(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(3, 4))
    yield call(draw.uniform(1, 5))
    yield call(draw.uniform())
    yield call(draw.uniform(2, 3, high=0.01))  # 1 - S does not fit float32 here


def _returns_sparsity(sparsity: Tensor) -> Tensor:
    return sparsity.clone()


def _returns_inverse_density(sparsity: Tensor) -> Tensor:
    return 1 / (1 - sparsity)


def _subtracts_the_wrong_way(sparsity: Tensor) -> Tensor:
    return sparsity - 1


def _returns_inverse_sparsity(sparsity: Tensor) -> Tensor:
    return 1 / sparsity


def _density_in_place_on_a_copy(sparsity: Tensor) -> Tensor:
    p = torch.ones_like(sparsity)
    p -= sparsity
    return p


_DENSITY = Exercise(
    reference=features.density,
    points=1,
    minutes=3,
    difficulty=1,
    checks=(
        equals_reference("three sparsities that you can do by hand", _sparsities_by_hand),
        equals_reference("random sparsities of any shape", _sparsities),
        *contract(_sparsities),
    ),
    slips=(
        Slip(
            answer=_returns_sparsity,
            says="This is the sparsity S itself, how often a feature is 0. "
            "The density is how often it is not 0.",
        ),
        Slip(
            answer=_returns_inverse_density,
            says="This is 1/(1 - S), the scale on the axes of plots. The density is 1 - S.",
        ),
        Slip(
            answer=_subtracts_the_wrong_way,
            says="This is S - 1, which is never positive. A density is a probability.",
        ),
        Slip(
            answer=_returns_inverse_sparsity,
            says="This is 1/S. A density is a probability, at most 1.",
        ),
    ),
    also_right=_density_in_place_on_a_copy,
)


# embed


def _embed_by_hand(_draw: Draw) -> Iterator[Call]:
    # square first: W not transposed has a result there, and so a sentence of its own
    yield call(torch.tensor([[[1.0, 10.0]]]), torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
    yield call(
        torch.tensor([[[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]]]), torch.tensor([[[1.0, 0.0, -1.0]]])
    )


def _batches_and_weights(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(3, 6, 4), draw.normal(3, 2, 4))
    yield call(draw.normal(2, 3, 5), draw.normal(2, 5, 5))


def _embed_one_instance(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 6, 4), draw.normal(1, 2, 4))
    yield call(draw.normal(6, 4), draw.normal(2, 4))


def _w_reshaped(x: Tensor, W: Tensor) -> Tensor:
    return x @ W.reshape(*W.shape[:-2], W.shape[-1], W.shape[-2])


def _hidden_before_batch(x: Tensor, W: Tensor) -> Tensor:
    return W @ x.mT


def _first_instance_for_all(x: Tensor, W: Tensor) -> Tensor:
    return x @ W[0].mT


def _adds_instances(x: Tensor, W: Tensor) -> Tensor:
    return torch.einsum("ibf,jhf->ibh", x, W)


def _rectifies(x: Tensor, W: Tensor) -> Tensor:
    return torch.relu(x @ W.mT)


def _embed_with_loops(x: Tensor, W: Tensor) -> Tensor:
    h = x.new_zeros(*x.shape[:-1], W.shape[-2])
    for i in range(x.shape[-1]):
        h = h + x[..., :, i].unsqueeze(-1) * W[..., :, i].unsqueeze(-2)
    return h


_EMBED = Exercise(
    reference=models.embed,
    points=2,
    minutes=8,
    difficulty=1,
    checks=(
        equals_reference("one instance by hand", _embed_by_hand),
        equals_reference("each instance uses its own W", _batches_and_weights, weight=2),
        equals_reference("one instance keeps its axis, none works too", _embed_one_instance),
        *contract(_batches_and_weights, gradients=["x", "W"]),
    ),
    slips=(
        Slip(
            answer=_w_reshaped,  # on a square W the same as x @ W
            says="Rows of W did not become columns: you used W as it is stored, or reshaped it, "
            "which keeps the order of the numbers. W.mT swaps the last two axes.",
        ),
        Slip(
            answer=_hidden_before_batch,
            says="The numbers are right, the axes are not: "
            "your result is (instances, hidden, batch).",
        ),
        Slip(
            answer=_first_instance_for_all,
            says="You used the first instance's W for all. Each instance has a W of its own.",
        ),
        Slip(
            answer=_adds_instances,
            says="You summed over the instances of W. Instances are separate models: "
            "give x and W the same letter for that axis.",
        ),
        Slip(
            answer=_rectifies,
            says="You applied a ReLU. h = W x is linear; this model's ReLU comes at the output.",
        ),
    ),
    also_right=_embed_with_loops,
)


# gram


def _gram_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[[1.0, -0.5]]]))
    yield call(torch.tensor([[[2.0, 0.0, 1.0], [0.0, 3.0, 1.0]]]))


def _weights(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(3, 2, 5))
    yield call(draw.normal(2, 4, 4))


def _gram_one_instance(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 2, 4))
    yield call(draw.normal(3, 6))


def _hidden_by_hidden(W: Tensor) -> Tensor:
    return W @ W.mT


def _cosines(W: Tensor) -> Tensor:
    W_hat = F.normalize(W, dim=-2)
    return W_hat.mT @ W_hat


def _contracts_instances(W: Tensor) -> Tensor:
    G = W.mT @ W
    return G.sum(0) if W.ndim > 2 else G


def _squares_products(W: Tensor) -> Tensor:
    return (W.mT @ W) ** 2


def _without_diagonal(W: Tensor) -> Tensor:
    G = W.mT @ W
    return G - torch.diag_embed(G.diagonal(dim1=-2, dim2=-1))


def _gram_of_pairs(W: Tensor) -> Tensor:
    n_features = W.shape[-1]
    rows = [
        torch.stack([(W[..., i] * W[..., j]).sum(-1) for j in range(n_features)], dim=-1)
        for i in range(n_features)
    ]
    return torch.stack(rows, dim=-2)


_GRAM = Exercise(
    reference=models.gram,
    points=1,
    minutes=5,
    difficulty=1,
    checks=(
        equals_reference("small W by hand", _gram_by_hand),
        equals_reference("several instances", _weights, weight=2),
        equals_reference("one instance keeps its axis, none works too", _gram_one_instance),
        *contract(_weights, gradients=["W"]),
    ),
    slips=(
        Slip(
            answer=_hidden_by_hidden,
            says="This is W W^T, the dot products of rows: hidden x hidden. "
            "Features are columns of W, so W^T W was needed.",
        ),
        Slip(
            answer=_cosines,
            says="You made the columns unit vectors first, so these are cosines. "
            "The Gram matrix keeps the lengths.",
        ),
        Slip(
            answer=_contracts_instances,
            says="You summed over the instances. Each instance has a Gram matrix of its own.",
        ),
        Slip(
            answer=_squares_products,
            says="You squared the dot products. Their signs matter here.",
        ),
        Slip(
            answer=_without_diagonal,
            says="You removed the diagonal. It holds the squared lengths, W_i . W_i.",
        ),
    ),
    also_right=_gram_of_pairs,
)


# init_weights


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


def _few_and_many_instances(draw: Draw) -> Iterator[Call]:
    # 600 weights or more: the scale of a single instance tells the slips apart
    yield _sizes(draw, 300, 20, 30)
    yield _sizes(draw, 2, 60, 90)


def _one_large_instance(draw: Draw) -> Iterator[Call]:
    yield _sizes(draw, 1, 150, 200)


def _three_instances(draw: Draw) -> Iterator[Call]:
    yield _sizes(draw, 3, 50, 80)


def _many_small_instances(draw: Draw) -> Iterator[Call]:
    yield _sizes(draw, 2000, 2, 3)


def _glorot(call: Call) -> float:
    return math.sqrt(2 / (call.kwargs["n_hidden"] + call.kwargs["n_features"]))


def _n_weights(call: Call) -> int:
    return call.kwargs["n_instances"] * call.kwargs["n_hidden"] * call.kwargs["n_features"]


def _not_finite(W: Tensor, _call: Call) -> Tensor:
    return (~W.isfinite()).double().mean()


def _root_mean_square(W: Tensor, _call: Call) -> Tensor:
    return (W.double() ** 2).mean().sqrt()


def _shares_below(W: Tensor, _call: Call) -> Tensor:
    """Shares of the weights below -1, -1/2, 0, 1/2 and 1 of their own root mean square."""
    edges = (W.double() ** 2).mean().sqrt() * _EDGES
    return (W.double().unsqueeze(-1) < edges).double().flatten(0, -2).mean(0)


_EDGES = torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0], dtype=torch.float64)
_NORMAL_SHARES = 0.5 * (1 + torch.erf(_EDGES / math.sqrt(2)))


def _correlation(columns: Tensor) -> Tensor:
    """Correlations of columns over the rows; a constant column correlates with none."""
    centred = columns.double() - columns.double().mean(-2, keepdim=True)
    normed = F.normalize(centred, dim=-2)
    return normed.mT @ normed


def _between_instances(W: Tensor, _call: Call) -> Tensor:
    return _off_diagonal(_correlation(W.flatten(1).T))


def _between_entries(W: Tensor, _call: Call) -> Tensor:
    return _off_diagonal(_correlation(W.flatten(1)))


def _off_diagonal(square: Tensor) -> Tensor:
    return square * ~torch.eye(square.shape[-1], dtype=torch.bool)


def _pairs_of_instances(call: Call) -> Tensor:
    n = call.kwargs["n_instances"]
    return torch.zeros(n, n, dtype=torch.float64)


def _pairs_of_entries(call: Call) -> Tensor:
    n = call.kwargs["n_hidden"] * call.kwargs["n_features"]
    return torch.zeros(n, n, dtype=torch.float64)


def _xavier_on_three_axes(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    W = torch.empty(n_instances, n_hidden, n_features)
    return torch.nn.init.xavier_normal_(W, generator=generator)


def _variance_for_std(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    variance = 2 / (n_hidden + n_features)
    return variance * torch.randn(n_instances, n_hidden, n_features, generator=generator)


def _standard_normal(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    return torch.randn(n_instances, n_hidden, n_features, generator=generator)


def _one_fan(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    W = torch.randn(n_instances, n_hidden, n_features, generator=generator)
    return W * (2 / n_features) ** 0.5


def _forgets_the_two(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    W = torch.randn(n_instances, n_hidden, n_features, generator=generator)
    return W * (1 / (n_hidden + n_features)) ** 0.5


def _uniform_weights(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    limit = (6 / (n_hidden + n_features)) ** 0.5
    u = torch.rand(n_instances, n_hidden, n_features, generator=generator)
    return limit * (2 * u - 1)


def _positive_weights(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    std = (2 / (n_hidden + n_features)) ** 0.5
    return std * torch.rand(n_instances, n_hidden, n_features, generator=generator)


def _same_start_everywhere(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    std = (2 / (n_hidden + n_features)) ** 0.5
    W = std * torch.randn(n_hidden, n_features, generator=generator)
    return W.repeat(n_instances, 1, 1)


def _xavier_one_by_one(
    *, n_instances: int, n_hidden: int, n_features: int, generator: torch.Generator
) -> Tensor:
    W = torch.empty(n_instances, n_hidden, n_features, device=generator.device)
    for instance in W:
        torch.nn.init.xavier_normal_(instance, generator=generator)
    return W


_INIT_WEIGHTS = Exercise(
    reference=models.init_weights,
    points=2,
    minutes=8,
    difficulty=2,
    checks=(
        matches_theory(
            "the shape is (instances, hidden, features)",
            _small_sizes,
            measure=_not_finite,
            expected=lambda _: torch.zeros((), dtype=torch.float64),
            tolerance=lambda _: 0.0,
        ),
        matches_theory(
            "the standard deviation is sqrt(2 / (hidden + features)) for 2 and for 300 instances",
            _few_and_many_instances,
            measure=_root_mean_square,
            expected=lambda call: torch.tensor(_glorot(call), dtype=torch.float64),
            # the standard error of a standard deviation from N normal numbers is std / sqrt(2 N)
            tolerance=lambda call: _SIGMAS * _glorot(call) / math.sqrt(2 * _n_weights(call)),
            weight=3,
        ),
        matches_theory(
            "the weights are normal: a sixth of them lies a standard deviation below 0, and so on",
            _one_large_instance,
            measure=_shares_below,
            expected=lambda _: _NORMAL_SHARES,
            # a share q of N numbers has the standard error sqrt(q (1 - q) / N)
            tolerance=lambda call: (
                _SIGMAS * (_NORMAL_SHARES * (1 - _NORMAL_SHARES) / _n_weights(call)).sqrt()
            ),
        ),
        matches_theory(
            "any two instances are uncorrelated",
            _three_instances,
            measure=_between_instances,
            expected=_pairs_of_instances,
            # a correlation over N independent pairs has the standard error 1 / sqrt(N)
            tolerance=lambda call: (
                _SIGMAS / math.sqrt(call.kwargs["n_hidden"] * call.kwargs["n_features"])
            ),
            weight=2,
        ),
        matches_theory(
            "any two entries of W are uncorrelated",
            _many_small_instances,
            measure=_between_entries,
            expected=_pairs_of_entries,
            tolerance=lambda call: _SIGMAS / math.sqrt(call.kwargs["n_instances"]),
        ),
        uses_generator(_small_sizes),
    ),
    slips=(
        Slip(  # first: its scale is a matter of luck and may be near another's
            answer=_same_start_everywhere,
            says="All instances start from the same weights. Draw instances x hidden x features "
            "numbers, so that each instance is a new try.",
        ),
        Slip(
            answer=_xavier_on_three_axes,
            says="xavier_normal_ took the number of instances for a fan, so a model starts nearer "
            "to 0 the more models are trained beside it. Set the scale from hidden and features.",
        ),
        Slip(
            answer=_variance_for_std,
            says="2 / (hidden + features) is the variance. "
            "randn is multiplied by its square root, the standard deviation.",
        ),
        Slip(
            answer=_standard_normal,
            says="Your weights have standard deviation 1. "
            "Multiply them by sqrt(2 / (hidden + features)).",
        ),
        Slip(
            answer=_one_fan,
            says="You divided by the number of features only. "
            "The formula has hidden + features below the 2.",
        ),
        Slip(
            answer=_forgets_the_two,
            says="You used 1 / (hidden + features). The formula has a 2 above the line.",
        ),
        Slip(
            answer=_uniform_weights,
            says="Your weights are uniform with the right standard deviation. "
            "Normal ones were needed: torch.randn.",
        ),
        Slip(
            answer=_positive_weights,
            says="torch.rand is uniform on [0, 1), so all weights are positive. "
            "torch.randn is the normal one.",
        ),
    ),
    also_right=_xavier_one_by_one,
)


# sample_features

_N = 10_000


def _some_shapes(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(3, 4, low=0.2, high=0.8), 5, generator=draw.generator())
    yield call(draw.uniform(1, 4, low=0.2, high=0.8), 6, generator=draw.generator())
    yield call(draw.uniform(5, low=0.2, high=0.8), 1, generator=draw.generator())
    yield call(draw.uniform(2, 3, low=0.2, high=0.8).double(), 4, generator=draw.generator())


def _small_batches(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(2, 3, low=0.3, high=0.7), 50, generator=draw.generator())


def _never_and_always(draw: Draw) -> Iterator[Call]:
    p = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    yield call(p, 2000, generator=draw.generator())


def _batches_of_four(draw: Draw) -> Iterator[Call]:
    yield call(torch.full((300, 300), 0.5), 4, generator=draw.generator())


def _uneven_densities(draw: Draw) -> Iterator[Call]:
    # 0.2 and more, so that pairs of features are both active often enough to correlate values;
    # distinct in both axes, so that a density taken from elsewhere shows
    steps = torch.linspace(0.2, 0.8, 12)[torch.randperm(12, generator=draw.generator())]
    yield call(steps.reshape(3, 4), _N, generator=draw.generator())


def _uneven_densities_and_no_instances(draw: Draw) -> Iterator[Call]:
    yield from _uneven_densities(draw)
    yield call(torch.tensor([0.7, 0.2, 0.4]), _N, generator=draw.generator())


def _p(call: Call) -> Tensor:
    return call.args[0].double()


def _outside_unit_interval(x: Tensor, _call: Call) -> Tensor:
    return (~((x >= 0) & (x <= 1))).double().mean()


def _share_active(x: Tensor, _call: Call) -> Tensor:
    return (x != 0).double().mean(-2)


def _mean_of_active(x: Tensor, _call: Call) -> Tensor:
    return x.double().sum(-2) / (x != 0).sum(-2).clamp(min=1)


def _share_per_quarter(x: Tensor, _call: Call) -> Tensor:
    quarters = [((x > q / 4) & (x <= (q + 1) / 4)).sum(-2) for q in range(4)]
    return torch.stack(quarters).double() / (x != 0).sum(-2).clamp(min=1)


def _between_rows(x: Tensor, _call: Call) -> Tensor:
    """Correlation of a feature's activity one row and half a batch later; 1 if it never varies."""
    active = (x != 0).double()
    constant = (active == active[..., :1, :]).all(-2)
    centred = F.normalize(active - active.mean(-2, keepdim=True), dim=-2)
    lags = [(centred * centred.roll(lag, -2)).sum(-2) for lag in (1, x.shape[-2] // 2)]
    return torch.where(constant, 1.0, torch.stack(lags))


def _spread_of_counts(x: Tensor, _call: Call) -> Tensor:
    """Mean squared deviation from 2 of the number of active rows out of 4."""
    return (((x != 0).double().sum(-2) - 2) ** 2).mean()


def _activity_of_features(x: Tensor, _call: Call) -> Tensor:
    return _off_diagonal(_correlation((x != 0).double()))


def _across_instances(x: Tensor) -> Tensor:
    """From `instances batch features` to one column per feature of each instance."""
    return x.transpose(0, 1).flatten(1)


def _activity_of_instances(x: Tensor, _call: Call) -> Tensor:
    n_instances, _, n_features = x.shape
    pairs = _correlation(_across_instances((x != 0).double()))
    pairs = pairs.reshape(n_instances, n_features, n_instances, n_features)
    return pairs * ~torch.eye(n_instances, dtype=torch.bool)[:, None, :, None]


def _values_of_pairs(x: Tensor, _call: Call) -> Tensor:
    """Correlation of the values of two features over the rows in which both are active.

    In standard errors, 1 / sqrt(rows), so that it compares whatever the densities are.
    """
    n_instances, _, n_features = x.shape
    x = _across_instances(x.double())
    active = (x != 0).double()
    both = (active.T @ active).clamp(min=1)
    mean = x.T @ active / both  # [i, j]: of i where both are active
    variance = (x**2).T @ active / both - mean**2
    covariance = x.T @ x / both - mean * mean.T
    # the variance of a constant is 0 up to rounding
    scale = torch.where(variance > 1e-9, variance, torch.inf).sqrt()
    pairs = _off_diagonal(both.sqrt() * covariance / scale / scale.T)
    return pairs.reshape(n_instances, n_features, n_instances, n_features)


def _zero_pairs(call: Call) -> Tensor:
    n_instances, n_features = call.args[0].shape
    return torch.zeros(n_instances, n_features, n_instances, n_features, dtype=torch.float64)


def _least_active(call: Call) -> Tensor:
    """The number of rows in which the rarest feature is active, less six standard errors."""
    p = _p(call).min()
    return call.args[1] * p - _SIGMAS * (call.args[1] * p * (1 - p)).sqrt()


def _same_draw_twice(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    u = torch.rand(*instances, n_samples, n_features, generator=generator, dtype=p.dtype)
    return torch.where(u < p, u, 0)


def _same_draw_at_the_top(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    u = torch.rand(*instances, n_samples, n_features, generator=generator, dtype=p.dtype)
    return torch.where(u >= 1 - p, u, 0)


def _zero_or_one(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    u = torch.rand(*instances, n_samples, n_features, generator=generator)
    return (u < p).to(p.dtype)


def _active_with_sparsity(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) > p
    return torch.rand(shape, generator=generator, dtype=p.dtype) * active


def _one_mask_for_all_features(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    active = torch.rand(*instances, n_samples, 1, generator=generator) < p
    values = torch.rand(*instances, n_samples, n_features, generator=generator, dtype=p.dtype)
    return values * active


def _one_value_for_all_features(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    active = torch.rand(*instances, n_samples, n_features, generator=generator) < p
    values = torch.rand(*instances, n_samples, 1, generator=generator, dtype=p.dtype)
    return values * active


def _one_batch_for_all_instances(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    shape = (n_samples, feature_probability.shape[-1])
    active = torch.rand(shape, generator=generator) < p
    return torch.rand(shape, generator=generator, dtype=p.dtype) * active


def _one_mask_for_the_batch(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    active = torch.rand(*instances, 1, n_features, generator=generator) < p
    values = torch.rand(*instances, n_samples, n_features, generator=generator, dtype=p.dtype)
    return values * active


def _exactly_p_of_the_rows(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    rank = torch.rand(shape, generator=generator).argsort(-2).argsort(-2)
    active = rank < (n_samples * p).round()
    return torch.rand(shape, generator=generator, dtype=p.dtype) * active


def _first_feature_for_all(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p[..., :1]
    return torch.rand(shape, generator=generator, dtype=p.dtype) * active


def _first_density_for_all_instances(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p[0]
    return torch.rand(shape, generator=generator, dtype=p.dtype) * active


def _divides_by_the_sum(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p
    return torch.rand(shape, generator=generator, dtype=p.dtype) * active / p.sum(-1, keepdim=True)


def _normal_values(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p
    return torch.randn(shape, generator=generator, dtype=p.dtype) * active


def _clipped_normal_values(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    shape = (*instances, n_samples, n_features)
    active = torch.rand(shape, generator=generator) < p
    values = torch.randn(shape, generator=generator, dtype=p.dtype).abs().clamp(max=1)
    return values * active


def _multiplies_zero_by_infinity(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability.unsqueeze(-2)
    *instances, n_features = feature_probability.shape
    u = torch.rand(*instances, n_samples, n_features, generator=generator, dtype=p.dtype)
    return (u < p) * (1 - u / p)


def _mask_times_value(
    feature_probability: Tensor, n_samples: int, *, generator: torch.Generator
) -> Tensor:
    p = feature_probability
    size = (n_samples, *p.shape)
    values = torch.rand(size, generator=generator, dtype=p.dtype, device=p.device)
    active = torch.bernoulli(p.expand(size), generator=generator)
    return (values * active).movedim(0, -2)


_SAMPLE_FEATURES = Exercise(
    reference=features.sample_features,
    points=3,
    minutes=14,
    difficulty=3,
    checks=(
        matches_theory(
            "the shape is (instances, batch, features), the dtype is p's, values lie in [0, 1]",
            _some_shapes,
            measure=_outside_unit_interval,
            expected=lambda _: torch.zeros((), dtype=torch.float64),
            tolerance=lambda _: 0.0,
        ),
        matches_theory(
            "p = 0 is never active, p = 1 always",
            _never_and_always,
            measure=_share_active,
            expected=_p,
            # torch.rand is exactly 0 once in 2^24: at p = 1, 3 zeros in 2000 have chance 3e-13
            tolerance=lambda call: _p(call) * 2.5 / call.args[1],
        ),
        matches_theory(
            "rows are drawn one by one: activity is uncorrelated with the next row's "
            "and with the row half a batch later",
            _uneven_densities,
            measure=_between_rows,
            expected=lambda call: torch.zeros(2, *call.args[0].shape, dtype=torch.float64),
            # a correlation over N independent pairs has the standard error 1 / sqrt(N)
            tolerance=lambda call: _SIGMAS / math.sqrt(call.args[1]),
        ),
        matches_theory(
            "of 4 rows with p = 1/2, the number of active ones has the variance 1",
            _batches_of_four,
            measure=_spread_of_counts,
            expected=lambda _: torch.ones((), dtype=torch.float64),
            # squared deviations are 0, 1, 4 with chances 6, 8, 2 of 16: their variance is 3/2;
            # 300 of them, not 300 x 300, so that shared draws, which are another slip, pass
            tolerance=lambda _: _SIGMAS * math.sqrt(1.5 / 300),
        ),
        matches_theory(
            "each feature of each instance is active in a fraction p of the rows",
            _uneven_densities_and_no_instances,
            measure=_share_active,
            expected=_p,
            # a share q of N draws has the standard error sqrt(q (1 - q) / N)
            tolerance=lambda call: _SIGMAS * (_p(call) * (1 - _p(call)) / call.args[1]).sqrt(),
            weight=4,
        ),
        matches_theory(
            "active values have the mean 1/2",
            _uneven_densities,
            measure=_mean_of_active,
            expected=lambda call: torch.full_like(_p(call), 0.5),
            # a uniform number has the variance 1/12
            tolerance=lambda call: _SIGMAS * (1 / 12 / _least_active(call)).sqrt(),
            weight=3,
        ),
        matches_theory(
            "a quarter of the active values lies in each quarter of [0, 1]",
            _uneven_densities,
            measure=_share_per_quarter,
            expected=lambda call: torch.full((4, *call.args[0].shape), 0.25, dtype=torch.float64),
            tolerance=lambda call: _SIGMAS * (1 / 4 * 3 / 4 / _least_active(call)).sqrt(),
            weight=2,
        ),
        matches_theory(
            "two features are active independently of each other",
            _uneven_densities,
            measure=_activity_of_features,
            expected=lambda _: torch.zeros(3, 4, 4, dtype=torch.float64),
            tolerance=lambda call: _SIGMAS / math.sqrt(call.args[1]),
            weight=4,
        ),
        matches_theory(
            "two instances are active independently of each other",
            _uneven_densities,
            measure=_activity_of_instances,
            expected=_zero_pairs,
            tolerance=lambda call: _SIGMAS / math.sqrt(call.args[1]),
            weight=2,
        ),
        matches_theory(
            "where two features are active, the correlation of their values is 0 "
            "within six standard errors",
            _uneven_densities,
            measure=_values_of_pairs,
            expected=_zero_pairs,
            tolerance=lambda _: _SIGMAS,
            weight=2,
        ),
        keeps_arguments(_small_batches, measure=_outside_unit_interval),
        uses_generator(_small_batches),
    ),
    slips=(
        Slip(
            answer=_same_draw_twice,
            says="Your active values run from 0 to p instead of 1. Either one random number "
            "serves as mask and value, or you scaled the value by p.",
        ),
        Slip(
            answer=_same_draw_at_the_top,
            says="Your active values run from 1 - p to 1. The number that decides presence is "
            "not uniform on [0, 1] any more: draw the value afresh, or rescale it.",
        ),
        Slip(
            answer=_zero_or_one,
            says="Your features are 0 or 1. An active feature has a value drawn from U[0, 1].",
        ),
        Slip(
            answer=_active_with_sparsity,
            says="Your features are active with probability 1 - p. feature_probability is the "
            "density, so u < p makes a feature active.",
        ),
        Slip(
            answer=_exactly_p_of_the_rows,
            says="In every batch exactly a fraction p of the rows is active. Rows must be "
            "independent, so that this number varies by chance.",
        ),
        Slip(
            answer=_one_mask_for_all_features,
            says="All features of a sample share one draw for the mask, so they are active "
            "together. Each needs a draw of its own.",
        ),
        Slip(
            answer=_one_value_for_all_features,
            says="All active features of a sample have the same value. "
            "Each needs a draw of its own.",
        ),
        Slip(
            answer=_one_batch_for_all_instances,
            says="All instances share their random numbers. "
            "Draw instances x batch x features of them.",
        ),
        Slip(
            answer=_one_mask_for_the_batch,
            says="A feature is active in all rows of the batch or in none. "
            "The mask needs a draw for each row.",
        ),
        Slip(
            answer=_first_feature_for_all,
            says="You used the first feature's density for every feature.",
        ),
        Slip(
            answer=_first_density_for_all_instances,
            says="You used the first instance's densities for every instance. "
            "p broadcasts against the batch as p.unsqueeze(-2).",
        ),
        Slip(
            answer=_divides_by_the_sum,
            says="You divided the values by the sum of the probabilities. p decides only "
            "how often a feature is active, not how large it is.",
        ),
        Slip(
            answer=_normal_values,
            says="Your active values are normal. They must be uniform on [0, 1]: "
            "torch.rand, without an n at the end.",
        ),
        Slip(
            answer=_clipped_normal_values,
            says="Your active values are normal ones folded and clipped into [0, 1]; "
            "a third of them is exactly 1. They must be uniform.",
        ),
        Slip(
            answer=_multiplies_zero_by_infinity,
            says="Where p = 0 you divided by 0, and 0 times infinity is NaN. "
            "Choose with torch.where instead of multiplying by the mask.",
        ),
    ),
    also_right=_mask_times_value,
)


# feature_moments


def _moments_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([1.0, 0.5]))


def _densities(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(3, 4, low=0.1))
    yield call(draw.uniform(1, 5, low=0.1))
    yield call(draw.uniform(low=0.1))


def _extreme_densities(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[0.0, 1.0]]))


def _moments_of_active(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    one = torch.ones_like(feature_probability)
    return one / 2, one / 3, one / 12


def _scales_the_uniform_variance(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p / 2, p / 3, p / 12


def _second_moment_for_variance(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p / 2, p / 3, p / 3


def _squares_the_mean(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p / 2, p**2 / 4, p / 3 - p**2 / 4


def _mean_not_squared(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p / 2, p / 3, p / 3 - p / 2


def _moments_of_a_coin(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p.clone(), p.clone(), p * (1 - p)


def _moments_of_sparsity(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = 1 - feature_probability
    return p / 2, p / 3, p / 3 - p**2 / 4


def _variance_before_second_moment(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p / 2, p / 3 - p**2 / 4, p / 3


def _standard_deviation(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    p = feature_probability
    return p / 2, p / 3, (p / 3 - p**2 / 4).sqrt()


def _moments_by_total_variance(feature_probability: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    mean = 0.5 * feature_probability
    # the law of total variance: within "active", and between "active" and "inactive"
    variance = feature_probability / 12 + feature_probability * (1 - feature_probability) / 4
    return mean, variance + mean**2, variance


_FEATURE_MOMENTS = Exercise(
    reference=features.feature_moments,
    points=2,
    minutes=8,
    difficulty=2,
    checks=(
        equals_reference("p = 1 and p = 1/2 by hand", _moments_by_hand),
        equals_reference("the mean comes first", _densities, measure=lambda moments, _: moments[0]),
        equals_reference(
            "then the second moment", _densities, measure=lambda moments, _: moments[:2]
        ),
        equals_reference("and then the variance", _densities, weight=2),
        equals_reference("p = 0 and p = 1", _extreme_densities),
        *contract(_densities),
    ),
    slips=(
        Slip(
            answer=_moments_of_active,
            says="These are the moments of a feature that is always active. "
            "The zeros count too: they come with probability 1 - p.",
        ),
        Slip(
            answer=_scales_the_uniform_variance,
            says="Your variance is p/12 = p/3 - p/4. Subtract the squared mean, "
            "(p/2)^2 = p^2/4: p is squared too.",
        ),
        Slip(
            answer=_second_moment_for_variance,
            says="You gave E[x^2] for the variance. Subtract the squared mean.",
        ),
        Slip(
            answer=_squares_the_mean,
            says="Your second moment is E[x]^2. It is E[x^2], the mean of the squares.",
        ),
        Slip(
            answer=_mean_not_squared,
            says="You subtracted the mean. The variance is E[x^2] minus the squared mean.",
        ),
        Slip(
            answer=_moments_of_a_coin,
            says="These are the moments of a feature that is 0 or 1. "
            "An active feature is uniform on [0, 1].",
        ),
        Slip(
            answer=_moments_of_sparsity,
            says="You took p for the sparsity. feature_probability is the density: "
            "p = 1 is always active.",
        ),
        Slip(
            answer=_variance_before_second_moment,
            says="The order is mean, second moment, variance. You swapped the last two.",
        ),
        Slip(
            answer=_standard_deviation,
            says="You took the square root: that is the standard deviation, not the variance.",
        ),
    ),
    also_right=_moments_by_total_variance,
)


# active_count_probability


def _counts_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor(0.5), 2)
    yield call(torch.tensor([0.25]), 2)


def _counts(draw: Draw) -> Iterator[Call]:
    yield call(draw.uniform(3, low=0.1, high=0.9), 5)
    yield call(draw.uniform(2, 1, low=0.1, high=0.9), 12)


def _counts_at_the_extremes(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([0.0, 1.0]), 3)


def _many_features(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([0.5, 0.05]), 200)


def _no_coefficient(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.unsqueeze(-1)
    k = torch.arange(n_features + 1, device=p.device)
    return p**k * (1 - p) ** (n_features - k)


def _ordered_choices(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.double()
    terms = [
        math.perm(n_features, k) * p**k * (1 - p) ** (n_features - k)
        for k in range(min(n_features, 20) + 1)
    ]
    return torch.stack(terms, dim=-1).to(feature_probability.dtype)


def _starts_at_one(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.double()
    terms = [
        float(math.comb(n_features, k)) * p**k * (1 - p) ** (n_features - k)
        for k in range(1, n_features + 1)
    ]
    return torch.stack(terms, dim=-1).to(feature_probability.dtype)


def _stops_before_n(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.double()
    terms = [
        float(math.comb(n_features, k)) * p**k * (1 - p) ** (n_features - k)
        for k in range(n_features)
    ]
    return torch.stack(terms, dim=-1).to(feature_probability.dtype)


def _counts_inactive(feature_probability: Tensor, n_features: int) -> Tensor:
    p = 1 - feature_probability.double()
    terms = [
        float(math.comb(n_features, k)) * p**k * (1 - p) ** (n_features - k)
        for k in range(n_features + 1)
    ]
    return torch.stack(terms, dim=-1).to(feature_probability.dtype)


def _ignores_the_inactive(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.double()
    terms = [float(math.comb(n_features, k)) * p**k for k in range(n_features + 1)]
    return torch.stack(terms, dim=-1).to(feature_probability.dtype)


def _at_most_k(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.double()
    terms = [
        float(math.comb(n_features, k)) * p**k * (1 - p) ** (n_features - k)
        for k in range(n_features + 1)
    ]
    return torch.stack(terms, dim=-1).cumsum(-1).to(feature_probability.dtype)


def _rare_events(feature_probability: Tensor, n_features: int) -> Tensor:
    rate = n_features * feature_probability.double().unsqueeze(-1)
    k = torch.arange(n_features + 1, dtype=rate.dtype, device=rate.device)
    log_probability = torch.xlogy(k, rate) - rate - torch.lgamma(k + 1)
    return log_probability.exp().to(feature_probability.dtype)


def _overflows(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.unsqueeze(-1)
    k = torch.arange(n_features + 1, device=p.device)
    choose = torch.tensor(
        [math.comb(n_features, j) for j in range(n_features + 1)], dtype=p.dtype, device=p.device
    )
    return choose * p**k * (1 - p) ** (n_features - k)


def _logarithm_of_zero(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.double().unsqueeze(-1)
    n = torch.tensor(n_features, dtype=p.dtype, device=p.device)
    k = torch.arange(n_features + 1, dtype=p.dtype, device=p.device)
    log_choose = torch.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
    log_probability = log_choose + k * p.log() + (n - k) * (1 - p).log()
    return log_probability.exp().to(feature_probability.dtype)


def _one_feature_after_another(feature_probability: Tensor, n_features: int) -> Tensor:
    p = feature_probability.double().unsqueeze(-1)
    counts = torch.ones_like(p)  # of no features, none is active
    for _ in range(n_features):
        counts = F.pad(counts, (0, 1)) * (1 - p) + F.pad(counts, (1, 0)) * p
    return counts.to(feature_probability.dtype)


_ACTIVE_COUNT_PROBABILITY = Exercise(
    reference=features.active_count_probability,
    points=3,
    minutes=12,
    difficulty=3,
    checks=(
        equals_reference("two features by hand", _counts_by_hand),
        equals_reference("several instances and features", _counts, weight=2),
        equals_reference("p = 0 and p = 1", _counts_at_the_extremes),
        equals_reference("200 features do not overflow", _many_features),
        *contract(_counts),
    ),
    slips=(
        Slip(
            answer=_no_coefficient,
            says="This is the probability of one particular set of k features. "
            "Multiply by the number of such sets, n choose k.",
        ),
        Slip(
            answer=_ordered_choices,
            says="You counted ordered choices, n! / (n - k)!. "
            "A set has no order: divide by k! as well.",
        ),
        Slip(
            answer=_starts_at_one,
            says="Your k starts at 1. No active feature at all, k = 0, is the first entry.",
        ),
        Slip(
            answer=_stops_before_n,
            says="Your k stops at n - 1. All n features active is the last of n + 1 entries.",
        ),
        Slip(
            answer=_counts_inactive,
            says="You counted the inactive features. p is the density, so k active features "
            "give p^k, and the others (1 - p)^(n - k).",
        ),
        Slip(
            answer=_ignores_the_inactive,
            says="You left out that the other n - k features are inactive, (1 - p)^(n - k).",
        ),
        Slip(
            answer=_at_most_k,
            says="You summed up to k: at most k active features. Exactly k was needed.",
        ),
        Slip(
            answer=_rare_events,
            says="This is the Poisson law, the limit of many rare features. "
            "The exact law is binomial.",
        ),
        Slip(
            answer=_overflows,
            says="In float32 the number of sets overflows: 200 choose 100 is about 9e58. "
            "Compute in float64 and convert the result.",
        ),
        Slip(
            answer=_logarithm_of_zero,
            says="You computed 0 * log(0), which is NaN. torch.xlogy(k, p) takes it as 0.",
        ),
    ),
    also_right=_one_feature_after_another,
)


# cooccurrence


def _batches_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[[0.5, 0.0], [0.25, 0.75], [0.0, 0.0]]]))


def _sparse_batches(draw: Draw) -> Iterator[Call]:
    for shape in [(3, 7, 4), (2, 13, 5)]:
        yield call(draw.uniform(*shape, low=0.1) * (draw.uniform(*shape) < 0.6))


def _one_batch(draw: Draw) -> Iterator[Call]:
    for shape in [(1, 6, 3), (9, 4)]:
        yield call(draw.uniform(*shape, low=0.1) * (draw.uniform(*shape) < 0.6))


def _signed_batches(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(2, 11, 3) * (draw.uniform(2, 11, 3) < 0.6))


def _never_active(draw: Draw) -> Iterator[Call]:
    x = draw.uniform(2, 6, 3, low=0.1)
    x[..., 1] = 0.0
    yield call(x)


def _uses_values(x: Tensor) -> Tensor:
    return x.mT @ x / x.shape[-2]


def _counts_samples(x: Tensor) -> Tensor:
    active = (x != 0).to(x.dtype)
    return active.mT @ active


def _divides_by_features(x: Tensor) -> Tensor:
    active = (x != 0).to(x.dtype)
    return active.mT @ active / x.shape[-1]


def _pairs_of_samples(x: Tensor) -> Tensor:
    active = (x != 0).to(x.dtype)
    return active @ active.mT / x.shape[-2]


def _given_the_first(x: Tensor) -> Tensor:
    active = (x != 0).to(x.dtype)
    together = active.mT @ active
    return together / together.diagonal(dim1=-2, dim2=-1).clamp(min=1).unsqueeze(-1)


def _positive_only(x: Tensor) -> Tensor:
    active = (x > 0).to(x.dtype)
    return active.mT @ active / x.shape[-2]


def _other_features_only(x: Tensor) -> Tensor:
    active = (x != 0).to(x.dtype)
    together = active.mT @ active / x.shape[-2]
    return together - torch.diag_embed(together.diagonal(dim1=-2, dim2=-1))


def _product_of_fractions(x: Tensor) -> Tensor:
    fraction = (x != 0).to(x.dtype).mean(-2)
    return fraction.unsqueeze(-1) * fraction.unsqueeze(-2)


def _covariance(x: Tensor) -> Tensor:
    active = (x != 0).to(x.dtype)
    centred = active - active.mean(-2, keepdim=True)
    return centred.mT @ centred / x.shape[-2]


def _either_active(x: Tensor) -> Tensor:
    inactive = (x == 0).to(x.dtype)
    return 1 - inactive.mT @ inactive / x.shape[-2]


def _adds_batches(x: Tensor) -> Tensor:
    active = (x != 0).to(x.dtype)
    together = active.mT @ active / x.shape[-2]
    return together.mean(0) if x.ndim > 2 else together


def _pair_by_pair(x: Tensor) -> Tensor:
    both = x.ne(0).unsqueeze(-1) & x.ne(0).unsqueeze(-2)  # *instances batch features features
    return both.to(x.dtype).mean(-3)


_COOCCURRENCE = Exercise(
    reference=features.cooccurrence,
    points=2,
    minutes=7,
    difficulty=2,
    checks=(
        equals_reference("three samples by hand", _batches_by_hand),
        equals_reference("several instances", _sparse_batches, weight=2),
        equals_reference("one instance keeps its axis, none works too", _one_batch),
        equals_reference("negative values are active too", _signed_batches),
        equals_reference("a feature that is never active has 0", _never_active),
        *contract(_sparse_batches),
    ),
    slips=(
        Slip(
            answer=_uses_values,
            says="You multiplied the values, which gives the mean of x_i x_j. "
            "Only whether a feature is active counts: use x != 0.",
        ),
        Slip(
            answer=_counts_samples,
            says="These are counts. Divide by the batch size to get fractions.",
        ),
        Slip(
            answer=_divides_by_features,
            says="You divided by the number of features. "
            "It is a fraction of the samples, whose axis is the last but one.",
        ),
        Slip(
            answer=_pairs_of_samples,
            says="You compared samples with samples: your last two axes are batch x batch. "
            "Sum over the batch, and keep features x features.",
        ),
        Slip(
            answer=_given_the_first,
            says="You divided by how often feature i is active, which gives the probability "
            "of j given i. Divide by the batch size.",
        ),
        Slip(
            answer=_positive_only,
            says="You counted positive values only. Active means nonzero.",
        ),
        Slip(
            answer=_other_features_only,
            says="You removed the diagonal. It holds how often each feature is active.",
        ),
        Slip(
            answer=_product_of_fractions,
            says="You multiplied two fractions, which assumes that features are independent. "
            "Count the samples in which both are active.",
        ),
        Slip(
            answer=_covariance,
            says="You subtracted what independent features would have; that is a covariance. "
            "Only the fraction of samples with both active was needed.",
        ),
        Slip(
            answer=_either_active,
            says="You counted the samples in which at least one is active. Both must be.",
        ),
        Slip(
            answer=_adds_batches,
            says="You averaged over the instances. Each keeps a matrix of its own.",
        ),
    ),
    also_right=_pair_by_pair,
)


EXERCISES = (
    _DENSITY,
    _EMBED,
    _GRAM,
    _INIT_WEIGHTS,
    _SAMPLE_FEATURES,
    _FEATURE_MOMENTS,
    _ACTIVE_COUNT_PROBABILITY,
    _COOCCURRENCE,
)
