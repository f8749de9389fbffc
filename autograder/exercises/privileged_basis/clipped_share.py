"""The exercise `clipped_share`: how often each neuron's ReLU acts."""

from collections.abc import Iterator

import torch
from torch import Tensor

import tms_lib
from autograder.answer import Call, call
from autograder.claims import equals_reference, keeps_arguments, keeps_device, keeps_double
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.privileged_basis._shared import eighths


def _samples_by_hand(_draw: Draw) -> Iterator[Call]:
    x = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [1.0, 0.5], [0.0, 0.0], [0.5, 0.75]]])
    W = torch.tensor([[[1.0, -1.0], [-1.0, 0.0]]])
    yield call(x, W)
    yield call(x, W, c=torch.tensor([[0.25, 0.75]]))


def _sample(draw: Draw, *shape: int) -> Tensor:
    """About half of the features active."""
    return eighths(draw, *shape, low=0.125, high=1.0) * (draw.uniform(*shape) < 0.5)


def _biases(draw: Draw, *shape: int) -> Tensor:
    """None is 0: then a sum that is 0 in eighths has the bias's sign once all shrink a little.

    Without a bias its sign would be that of a rounding error, which depends on the order.
    """
    sign = torch.where(draw.uniform(*shape) < 0.5, -1.0, 1.0)
    return sign * eighths(draw, *shape, low=0.125, high=1)


def _shares_with_biases(draw: Draw) -> Iterator[Call]:
    # as many instances as samples, and as neurons
    for n_instances, n_samples, n_hidden in ((4, 4, 4), (3, 7, 2), (2, 30, 3)):
        yield call(
            _sample(draw, n_instances, n_samples, 5),
            eighths(draw, n_instances, n_hidden, 5, low=-2, high=2),
            c=_biases(draw, n_instances, n_hidden),
        )
    # just below 0 is below 0: powers of 2 keep the sums exact
    yield call(
        _sample(draw, 2, 20, 5),
        eighths(draw, 2, 3, 5, low=-2, high=2) * 2.0**-30,
        c=_biases(draw, 2, 3) * 2.0**-30,
    )


def _shares_without_biases(draw: Draw) -> Iterator[Call]:
    yield call(_sample(draw, 3, 7, 5), eighths(draw, 3, 4, 5, low=-2, high=2))
    yield call(_sample(draw, 2, 25, 4), eighths(draw, 2, 3, 4, low=-2, high=2), c=None)


def _lone_shares(draw: Draw) -> Iterator[Call]:
    for instances in ((1,), (), (2, 3)):
        yield call(
            _sample(draw, *instances, 7, 5),
            eighths(draw, *instances, 2, 5, low=-2, high=2),
            c=eighths(draw, *instances, 2, low=-1, high=1),
        )


def _inputs_of_zero(draw: Draw) -> Iterator[Call]:
    W = eighths(draw, 2, 3, 5, low=-2, high=2)
    W[1, 0] = 0.0
    x = _sample(draw, 2, 9, 5)
    x[:, :4] = 0.0
    yield call(x, W)
    yield call(x, W.abs())
    yield call(x, -W.abs(), c=torch.zeros(2, 3))


def _active_share(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    before = h if c is None else h + c.unsqueeze(-2)
    return (before > 0).to(x.dtype).mean(-2)


def _counts_zero_as_clipped(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    before = h if c is None else h + c.unsqueeze(-2)
    return (before <= 0).to(x.dtype).mean(-2)


def _passed_share(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    before = h if c is None else h + c.unsqueeze(-2)
    return (before >= 0).to(x.dtype).mean(-2)


def _looks_after_the_relu(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    after = torch.relu(h if c is None else h + c.unsqueeze(-2))
    return (after < 0).to(x.dtype).mean(-2)


def _forgets_c(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:  # noqa: ARG001  (the slip)
    return (x @ W.mT < 0).to(x.dtype).mean(-2)


def _subtracts_c(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    before = h if c is None else h - c.unsqueeze(-2)
    return (before < 0).to(x.dtype).mean(-2)


def _counts_samples(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    before = h if c is None else h + c.unsqueeze(-2)
    return (before < 0).to(x.dtype).sum(-2)


def _share_of_neurons(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    before = h if c is None else h + c.unsqueeze(-2)
    return (before < 0).to(x.dtype).mean(-1)


def _share_of_the_model(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    before = h if c is None else h + c.unsqueeze(-2)
    return (before < 0).to(x.dtype).mean((-2, -1))


def _how_much_is_cut(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    before = h if c is None else h + c.unsqueeze(-2)
    return (-before).clamp(min=0).mean(-2)


def _negative_weights(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:  # noqa: ARG001  (the slip)
    return (W < 0).to(x.dtype).mean(-1)


def _only_nonempty_samples(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    h = x @ W.mT
    before = h if c is None else h + c.unsqueeze(-2)
    some = (x != 0).any(-1, keepdim=True)
    clipped = ((before < 0) & some).to(x.dtype).sum(-2)
    return clipped / some.to(x.dtype).sum(-2).clamp(min=1)


def _what_the_relu_changes(x: Tensor, W: Tensor, *, c: Tensor | None = None) -> Tensor:
    before = torch.einsum("...bi,...ki->...kb", x, W)
    if c is not None:
        before = before + c[..., None]
    changed = torch.relu(before) != before
    return changed.sum(-1).to(x.dtype) / x.shape[-2]


EXERCISE = Exercise(
    reference=tms_lib.clipped_share,
    points=2,
    minutes=8,
    difficulty=1,
    checks=(
        equals_reference("five samples, by hand", _samples_by_hand),
        equals_reference("with hidden biases, several instances", _shares_with_biases, weight=2),
        equals_reference("without hidden biases", _shares_without_biases),
        equals_reference("one instance, and no instance axis", _lone_shares),
        equals_reference("an input of exactly 0 is not clipped", _inputs_of_zero),
        keeps_arguments(_shares_with_biases),
        keeps_double(_shares_with_biases),
        keeps_device(_shares_with_biases),
    ),
    slips=(
        Slip(
            answer=_active_share,
            says="You returned how often the neuron is above 0. Count the samples at which it is "
            "below 0 before the ReLU.",
        ),
        Slip(
            answer=_counts_zero_as_clipped,
            says="You counted inputs of exactly 0. The ReLU leaves them as they are: only inputs "
            "below 0 are clipped.",
        ),
        Slip(
            answer=_passed_share,
            says="You returned the share that passes. The share that is clipped is the rest.",
        ),
        Slip(
            answer=_looks_after_the_relu,
            says="You looked for negative values after the ReLU, where there are none. Look at "
            "W x + c.",
        ),
        Slip(
            answer=_forgets_c,
            says="You left out the hidden bias c. The ReLU acts on W x + c.",
        ),
        Slip(
            answer=_subtracts_c,
            says="You subtracted the hidden bias. The ReLU acts on W x + c.",
        ),
        Slip(
            answer=_counts_samples,
            says="You counted the samples. Divide by their number to get a share.",
        ),
        Slip(
            answer=_share_of_neurons,
            says="You averaged over the neurons of each sample. Average over the samples of each "
            "neuron: dim=-2.",
        ),
        Slip(
            answer=_share_of_the_model,
            says="You averaged over the neurons as well. Each neuron has a share of its own.",
        ),
        Slip(
            answer=_how_much_is_cut,
            says="You averaged how much is cut off. Count how often something is.",
        ),
        Slip(
            answer=_negative_weights,
            says="You counted negative weights. What matters is the sum W x + c on each sample.",
        ),
        Slip(
            answer=_only_nonempty_samples,
            says="You left the empty samples out. The share is of all samples.",
        ),
    ),
    also_right=_what_the_relu_changes,
)
