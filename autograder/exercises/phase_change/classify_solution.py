"""The exercise `classify_solution`: which candidate trained weights are, whatever their sign."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import equals_reference, keeps_arguments, keeps_device
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import theory

_UNSEEN = {
    2: [[0.0, 1], [1, 0], [1, 1]],
    3: [[0.0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 0]],
}
_PHASES = {2: [0, 1, 2], 3: [0, 1, 1, 2, 2, 3]}  # of these directions


def _solutions_by_hand(_draw: Draw) -> Iterator[Call]:
    keeps_two = [[1.0, 0, 0], [0, 1, 0]]
    keeps_others = [[1.0, 0, 0.1], [0, 0, 1]]
    pair = [[0.0, 1, -1], [1, 0, 0]]
    first_pair = [[-1.0, 0, 1], [0, 1, 0]]
    other_pair = [[1.0, -1, 0], [0, 0, 1]]
    mixed = [[-0.15, 1, 0], [0.6, 0, 1]]  # does not see (1, 0.15, -0.6)
    # three features first: two leave fewer ways to tell wrong answers apart
    yield call(torch.tensor([keeps_two, keeps_others, pair, first_pair, other_pair, mixed]))
    yield call(torch.tensor([[[1.0, 0.1]], [[-0.1, 0.9]], [[-0.8, 1.1]]]))


def _exact_solutions(draw: Draw) -> Iterator[Call]:
    """Every candidate, as W and as -W, in a rotation of its own."""
    for n_features in (2, 3):
        W = _blind_to(F.normalize(torch.tensor(_UNSEEN[n_features]), dim=-1))
        m = n_features - 1
        rotation = torch.linalg.qr(draw.normal(len(W), m, m)).Q
        yield call(torch.cat([W, -W, rotation @ W]))


def _noisy_solutions(draw: Draw, *instances: int, n_features: int) -> Tensor:
    """Weights of any sign, length and rotation that are clearly nearest to one candidate.

    For each, first what it does not see is drawn, then its rows at right angles to that. Rows of
    different lengths make the directions that W maps to something short misleading.
    """
    unseen = F.normalize(torch.tensor(_UNSEEN[n_features]), dim=-1)
    m, n = n_features - 1, 1
    for size in instances:
        n *= size
    v = F.normalize(draw.normal(100 * n, n_features), dim=-1)
    cosine = (v @ unseen.mT).abs().topk(2).values
    v = v[cosine[:, 0] > cosine[:, 1] + 0.02][:n]
    sizes = torch.diag_embed(draw.uniform(n, m, low=0.3, high=1.5))
    turns = torch.linalg.qr(draw.normal(2, n, m, m)).Q
    return (turns[0] @ sizes @ turns[1] @ _blind_to(v)).unflatten(0, instances)


def _blind_to(v: Tensor) -> Tensor:
    """Weights with orthonormal rows that do not see v."""
    return torch.linalg.svd(v.unsqueeze(-2), full_matrices=True).Vh[..., 1:, :].contiguous()


def _two_features(draw: Draw) -> Iterator[Call]:
    yield call(_noisy_solutions(draw, 40, n_features=2))


def _three_features(draw: Draw) -> Iterator[Call]:
    yield call(_noisy_solutions(draw, 60, n_features=3))


def _one_solution(draw: Draw) -> Iterator[Call]:
    for n_features in (2, 3):
        W = _noisy_solutions(draw, 1, n_features=n_features)
        yield call(W)
        yield call(W[0])
        yield call(_noisy_solutions(draw, 4, 3, 2, n_features=n_features))


def _phase_of(v: Tensor) -> Tensor:
    """The phase of what is not seen."""
    unseen = F.normalize(torch.tensor(_UNSEEN[v.shape[-1]], dtype=v.dtype), dim=-1)
    return torch.tensor(_PHASES[v.shape[-1]])[(v @ unseen.mT).abs().argmax(-1)]


def _unseen_by(W: Tensor) -> Tensor:
    return torch.linalg.svd(W, full_matrices=True).Vh[..., -1, :]


def _keeps_the_sign(W: Tensor) -> Tensor:
    v = _unseen_by(W)
    v = v * v[..., :1].sign()
    candidates = F.normalize(torch.tensor(_UNSEEN[W.shape[-1]], dtype=W.dtype), dim=-1)
    return torch.tensor(_PHASES[W.shape[-1]])[(v @ candidates.mT).argmax(-1)]


def _candidates_of_unequal_length(W: Tensor) -> Tensor:
    candidates = torch.tensor(_UNSEEN[W.shape[-1]], dtype=W.dtype)
    best = (_unseen_by(W) @ candidates.mT).abs().argmax(-1)
    return torch.tensor(_PHASES[W.shape[-1]])[best]


def _entries_without_sign(W: Tensor) -> Tensor:
    return _phase_of(_unseen_by(W).abs())


def _least_like(W: Tensor) -> Tensor:
    candidates = F.normalize(torch.tensor(_UNSEEN[W.shape[-1]], dtype=W.dtype), dim=-1)
    best = (_unseen_by(W) @ candidates.mT).abs().argmin(-1)
    return torch.tensor(_PHASES[W.shape[-1]])[best]


def _seen_best(W: Tensor) -> Tensor:
    return _phase_of(torch.linalg.svd(W, full_matrices=True).Vh[..., 0, :])


def _last_that_is_seen(W: Tensor) -> Tensor:
    return _phase_of(torch.linalg.svd(W, full_matrices=False).Vh[..., -1, :])


def _column_of_vh(W: Tensor) -> Tensor:
    return _phase_of(torch.linalg.svd(W, full_matrices=True).Vh[..., :, -1])


def _row_of_eigenvectors(W: Tensor) -> Tensor:
    return _phase_of(torch.linalg.eigh(W.mT @ W).eigenvectors[..., 0, :])


def _unit_columns(W: Tensor) -> Tensor:
    return _phase_of(_unseen_by(F.normalize(W, dim=-2)))


def _only_the_last_other(W: Tensor) -> Tensor:
    if W.shape[-1] == 2:
        return _phase_of(_unseen_by(W))
    unseen = [[0.0, 0, 1], [1, 0, 0], [0, 1, 1], [1, 1, 0]]
    candidates = F.normalize(torch.tensor(unseen, dtype=W.dtype), dim=-1)
    return (_unseen_by(W) @ candidates.mT).abs().argmax(-1)


def _number_of_the_direction(W: Tensor) -> Tensor:
    candidates = F.normalize(torch.tensor(_UNSEEN[W.shape[-1]], dtype=W.dtype), dim=-1)
    return (_unseen_by(W) @ candidates.mT).abs().argmax(-1)


def _shortest_image(W: Tensor) -> Tensor:
    candidates = F.normalize(torch.tensor(_UNSEEN[W.shape[-1]], dtype=W.dtype), dim=-1)
    best = (W @ candidates.mT).norm(dim=-2).argmin(-1)
    return torch.tensor(_PHASES[W.shape[-1]])[best]


def _antipodes_as_unseen(W: Tensor) -> Tensor:
    if W.shape[-1] == 2:
        unseen = [[0.0, 1], [1, 0], [1, -1]]
    else:
        unseen = [[0.0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 0, -1], [0, 1, -1], [1, -1, 0]]
    candidates = F.normalize(torch.tensor(unseen, dtype=W.dtype), dim=-1)
    best = (_unseen_by(W) @ candidates.mT).abs().argmax(-1)
    return torch.tensor(_PHASES[W.shape[-1]])[best]


def _by_right_angles(W: Tensor) -> Tensor:
    # what W does not see, by hand: a quarter turn of its row, or the cross product of its two rows
    if W.shape[-1] == 2:
        v = torch.stack([-W[..., 0, 1], W[..., 0, 0]], dim=-1)
    else:
        v = torch.linalg.cross(W[..., 0, :], W[..., 1, :])
    half = 0.5**0.5
    pairs = [(i, j) for i in range(v.shape[-1]) for j in range(i + 1, v.shape[-1])]
    shared = torch.stack([half * (v[..., i] + v[..., j]) for i, j in pairs], dim=-1).abs()
    extra, others = v[..., -1:].abs(), v[..., :-1].abs().amax(-1, keepdim=True)
    with_extra = shared[..., [k for k, (_, j) in enumerate(pairs) if j == v.shape[-1] - 1]]
    scores = [extra, others, with_extra.amax(-1, keepdim=True)]
    if v.shape[-1] == 3:
        scores.append(shared[..., :1])
    return torch.cat(scores, dim=-1).argmax(-1)


EXERCISE = Exercise(
    reference=theory.classify_solution,
    points=3,
    minutes=20,
    difficulty=4,
    checks=(
        equals_reference("small cases by hand", _solutions_by_hand),
        equals_reference("two features, disturbed", _two_features, weight=2),
        equals_reference("three features, disturbed", _three_features, weight=2),
        equals_reference("every candidate: W, -W, and rotated", _exact_solutions),
        equals_reference("one instance, no instance axis, several of them", _one_solution),
        keeps_arguments(_two_features),
        keeps_device(_two_features),
    ),
    slips=(
        Slip(
            answer=_keeps_the_sign,
            says="You compared with the sign. v and -v are equally unseen, so take the largest "
            "*absolute* cosine.",
        ),
        Slip(
            answer=_unit_columns,
            says="You made the columns of W equally long. That changes what W does not see. Divide "
            "v and the directions of the table by their lengths, not the columns.",
        ),
        Slip(
            answer=_candidates_of_unequal_length,
            says="You compared dot products with directions of different lengths. Divide each "
            "direction by its length first.",
        ),
        Slip(
            answer=_entries_without_sign,
            says="You dropped the signs of v's entries. Unseen by W = [1, 1] is [1, -1], which is "
            "no antipodal pair. Take the absolute value of the whole dot product.",
        ),
        Slip(
            answer=_least_like,
            says="You chose the candidate that fits least. Take the largest |cosine| with v.",
        ),
        Slip(
            answer=_seen_best,
            says="You took the direction that W sees best. What it does not see is the *last* row "
            "of Vh, or the eigenvector of W^T W with the *smallest* eigenvalue.",
        ),
        Slip(
            answer=_last_that_is_seen,
            says="Your Vh has only as many rows as W, and W sees all of these. Ask the SVD for "
            "the others too: full_matrices=True.",
        ),
        Slip(
            answer=_column_of_vh,
            says="You took a column of Vh. Its rows are the directions: the last one is "
            "Vh[..., -1, :].",
        ),
        Slip(
            answer=_row_of_eigenvectors,
            says="You took a row of the eigenvectors. torch.linalg.eigh puts them into columns: "
            "the first is eigenvectors[..., :, 0].",
        ),
        Slip(
            answer=_only_the_last_other,
            says="With three features you know one of the two others only. They are equal: either "
            "may be the ignored one, or the extra feature's partner.",
        ),
        Slip(
            answer=_number_of_the_direction,
            says="You returned the number of the direction. Several directions belong to one "
            "phase: translate it.",
        ),
        Slip(
            answer=_shortest_image,
            says="You looked for the candidate direction that W maps to the shortest vector. If "
            "the rows of W differ in length, that is not the one nearest to v.",
        ),
        Slip(
            answer=_antipodes_as_unseen,
            says="You took [1, -1] for what a pair does not see. W = [1, -1] maps [1, 1] to 0: "
            "what it cannot see is the sum.",
        ),
    ),
    also_right=_by_right_angles,
)
