"""The exercise `cooccurrence`: the fraction of samples with both of two features active."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import features


def _batches_by_hand(_draw: Draw) -> Iterator[Call]:
    yield call(torch.tensor([[[0.5, 0.0], [0.25, 0.75], [0.0, 0.0]]]))


def _sparse_batches(draw: Draw) -> Iterator[Call]:
    for shape in [(3, 7, 4), (2, 13, 5)]:
        yield call(draw.uniform(*shape, low=0.1) * (draw.uniform(*shape) < 0.6))


def _one_batch(draw: Draw) -> Iterator[Call]:
    for shape in [(1, 6, 3), (9, 4), (2, 3, 8, 4)]:
        yield call(draw.uniform(*shape, low=0.1) * (draw.uniform(*shape) < 0.6))


def _signed_batches(draw: Draw) -> Iterator[Call]:
    for scale in (1, 1e-7):  # however small
        yield call(scale * draw.normal(2, 11, 3) * (draw.uniform(2, 11, 3) < 0.6))


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


def _multiplies_signs(x: Tensor) -> Tensor:
    sign = x.sign()
    return sign.mT @ sign / x.shape[-2]


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


EXERCISE = Exercise(
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
            says="These are counts. Divide by the batch size, x.shape[-2], to get fractions; "
            "len(x) is the number of instances.",
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
            answer=_multiplies_signs,
            says="You multiplied signs, so a positive and a negative value count as -1. "
            "They are active together: use x != 0.",
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
