"""The exercise `principal_projection`: what the first m principal components keep of the data."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import theory


def _data(draw: Draw, *instances: int, batch: int, n_features: int, turned: bool = True) -> Tensor:
    """Data whose components differ clearly in variance, with a mean.

    The mean is long and points along the component that varies least, so that it takes the first
    place if it is not removed. The components are the features in a random order, if not `turned`.
    """
    noise = draw.normal(*instances, batch, min(batch - 1, n_features))
    columns = torch.linalg.qr(noise - noise.mean(-2, keepdim=True)).Q  # each still adds up to 0
    spread = 2.0 - 0.3 * torch.arange(columns.shape[-1])
    directions = torch.eye(n_features)[torch.argsort(draw.uniform(n_features))]
    if turned:
        directions = torch.linalg.qr(draw.normal(*instances, n_features, n_features)).Q.mT
    scores = batch**0.5 * columns * spread
    mean = draw.uniform(*instances, 1, 1, low=4.0, high=8.0) * directions[..., -1:, :]
    return scores @ directions[..., : columns.shape[-1], :] + mean


def _data_by_hand(_draw: Draw) -> Iterator[Call]:
    # the second feature varies and the first does not; then both together, and a third alone
    yield call(torch.tensor([[5.0, 1.0], [5.0, 2.0], [5.0, 3.0]]), n_hidden=1)
    yield call(
        torch.tensor([[1.0, 2.0, 4.0], [-1.0, 0.0, 4.0], [0.0, 1.0, 5.0], [0.0, 1.0, 3.0]]),
        n_hidden=1,
    )


def _turned_data(draw: Draw) -> Iterator[Call]:
    yield call(_data(draw, 4, batch=30, n_features=5), n_hidden=2)
    yield call(_data(draw, 3, batch=40, n_features=6), n_hidden=4)


def _data_along_features(draw: Draw) -> Iterator[Call]:
    yield call(_data(draw, 3, batch=30, n_features=5, turned=False), n_hidden=2)


def _lone_data(draw: Draw) -> Iterator[Call]:
    yield call(_data(draw, 1, batch=20, n_features=4), n_hidden=2)
    yield call(_data(draw, batch=20, n_features=5), n_hidden=3)
    yield call(_data(draw, 2, 3, batch=20, n_features=4), n_hidden=1)


def _few_samples_and_all_components(draw: Draw) -> Iterator[Call]:
    yield call(_data(draw, 2, batch=4, n_features=6), n_hidden=2)
    yield call(_data(draw, 2, batch=20, n_features=3), n_hidden=3)
    yield call(_data(draw, 2, batch=4, n_features=6), n_hidden=6)  # some without any variance


def _not_centred(x: Tensor, *, n_hidden: int) -> Tensor:
    kept = torch.linalg.eigh(x.mT @ x).eigenvectors[..., -n_hidden:]
    return kept @ kept.mT


def _centres_each_sample(x: Tensor, *, n_hidden: int) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    kept = torch.linalg.eigh(centred.mT @ centred).eigenvectors[..., -n_hidden:]
    return kept @ kept.mT


def _least_components(x: Tensor, *, n_hidden: int) -> Tensor:
    centred = x - x.mean(-2, keepdim=True)
    kept = torch.linalg.eigh(centred.mT @ centred).eigenvectors[..., :n_hidden]
    return kept @ kept.mT


def _rows_for_columns(x: Tensor, *, n_hidden: int) -> Tensor:
    centred = x - x.mean(-2, keepdim=True)
    kept = torch.linalg.eigh(centred.mT @ centred).eigenvectors[..., -n_hidden:, :]
    return kept.mT @ kept


def _components_themselves(x: Tensor, *, n_hidden: int) -> Tensor:
    centred = x - x.mean(-2, keepdim=True)
    return torch.linalg.eigh(centred.mT @ centred).eigenvectors[..., -n_hidden:]


def _other_order(x: Tensor, *, n_hidden: int) -> Tensor:
    centred = x - x.mean(-2, keepdim=True)
    kept = torch.linalg.eigh(centred.mT @ centred).eigenvectors[..., -n_hidden:]
    return kept.mT @ kept


def _with_eigenvalues(x: Tensor, *, n_hidden: int) -> Tensor:
    centred = x - x.mean(-2, keepdim=True)
    values, vectors = torch.linalg.eigh(centred.mT @ centred / x.shape[-2])
    kept = vectors[..., -n_hidden:]
    return kept * values[..., None, -n_hidden:] @ kept.mT


def _features_that_vary_most(x: Tensor, *, n_hidden: int) -> Tensor:
    kept = x.var(-2).topk(n_hidden, dim=-1).indices
    return torch.diag_embed(torch.zeros_like(x[..., 0, :]).scatter(-1, kept, 1.0))


def _standardises(x: Tensor, *, n_hidden: int) -> Tensor:
    scaled = (x - x.mean(-2, keepdim=True)) / x.std(-2, keepdim=True).clamp(min=1e-12)
    kept = torch.linalg.eigh(scaled.mT @ scaled).eigenvectors[..., -n_hidden:]
    return kept @ kept.mT


def _one_component_less(x: Tensor, *, n_hidden: int) -> Tensor:
    centred = x - x.mean(-2, keepdim=True)
    components = torch.linalg.eigh(centred.mT @ centred).eigenvectors
    kept = components[..., -n_hidden + 1 :] if n_hidden > 1 else components[..., :0]
    return kept @ kept.mT


def _one_covariance_for_all(x: Tensor, *, n_hidden: int) -> Tensor:
    centred = (x - x.mean(-2, keepdim=True)).reshape(-1, x.shape[-1])
    kept = torch.linalg.eigh(centred.mT @ centred).eigenvectors[..., -n_hidden:]
    return (kept @ kept.mT).expand(*x.shape[:-2], -1, -1)


def _projection_from_singular_vectors(x: Tensor, *, n_hidden: int) -> Tensor:
    centred = x - x.sum(-2, keepdim=True) / x.shape[-2]
    # full matrices: with fewer samples than features there are components without variance
    directions = torch.linalg.svd(centred, full_matrices=True).Vh[..., :n_hidden, :]
    return torch.einsum("...ki,...kj->...ij", directions, directions)


EXERCISE = Exercise(
    reference=theory.principal_projection,
    points=3,
    minutes=15,
    difficulty=3,
    checks=(
        equals_reference("three and four samples, by hand", _data_by_hand),
        equals_reference("components in any direction, several instances", _turned_data, weight=2),
        equals_reference("components along the features", _data_along_features),
        equals_reference("one instance, and no instance axis", _lone_data),
        equals_reference(
            "fewer samples than features, and as many components as features",
            _few_samples_and_all_components,
        ),
        *contract(_turned_data),
    ),
    slips=(
        Slip(
            answer=_not_centred,
            says="You did not subtract the mean. Your first component points to where the data "
            "is, not to where it varies.",
        ),
        Slip(
            answer=_centres_each_sample,
            says="You subtracted each sample's mean over its features. Subtract each feature's "
            "mean over the samples (-2).",
        ),
        Slip(
            answer=_least_components,
            says="You kept the components with the least variance. eigh sorts the eigenvalues "
            "upwards, so the largest come last.",
        ),
        Slip(
            answer=_rows_for_columns,
            says="You took rows of the eigenvector matrix. eigh returns the eigenvectors as "
            "columns.",
        ),
        Slip(
            answer=_components_themselves,
            says="You returned the components U. The projection onto them is U U^T.",
        ),
        Slip(
            answer=_other_order,
            says="You multiplied in the other order. U^T U is hidden x hidden; the projection is "
            "U U^T.",
        ),
        Slip(
            answer=_with_eigenvalues,
            says="You kept the eigenvalues. A projection leaves what it keeps at its full length: "
            "U U^T without them.",
        ),
        Slip(
            answer=_features_that_vary_most,
            says="You kept the features with the largest variances. A component may be any "
            "direction, and need not be a feature.",
        ),
        Slip(
            answer=_standardises,
            says="You divided by the standard deviations, so that no feature varies more than "
            "another. Use the covariance, not the correlation.",
        ),
        Slip(
            answer=_one_component_less,
            says="You kept one component less than n_hidden.",
        ),
        Slip(
            answer=_one_covariance_for_all,
            says="You put the samples of all instances together. Each instance has components of "
            "its own.",
        ),
    ),
    also_right=_projection_from_singular_vectors,
)
