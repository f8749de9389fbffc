"""The exercise `sort_neurons`: the order of neurons in the paper's plots."""

from collections.abc import Iterator

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import equals_reference, keeps_arguments, keeps_device
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import neurons


def _small_rows(_draw: Draw) -> Iterator[Call]:
    W = torch.tensor([[1.3, -2.0, 0.4], [0.0, 0.4, 1.4], [1.2, 0.5, -1.1], [0.2, 1.0, 0.0]])
    yield call(W, importance=torch.tensor([1.0, 0.9, 0.8]))
    yield call(W, importance=torch.tensor([0.1, 0.9, 0.3]))


def _random_rows(draw: Draw) -> Iterator[Call]:
    for *instances, m, n in ((3, 7, 4), (4, 4, 4), (2, 9, 5)):
        yield call(draw.normal(*instances, m, n), importance=draw.uniform(*instances, n, low=0.1))
    for scale in (200.0, 1e8):  # weights that outweigh a place times 100, or times anything
        W = scale * draw.normal(2, 7, 4)
        yield call(W, importance=draw.uniform(2, 4, low=0.1))


def _lone_rows(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(1, 6, 4), importance=draw.uniform(1, 4, low=0.1))
    yield call(draw.normal(7, 3), importance=draw.uniform(3, low=0.1))
    yield call(draw.normal(1, 3), importance=draw.uniform(3, low=0.1))
    yield call(draw.normal(2, 3, 6, 4), importance=draw.uniform(2, 3, 4, low=0.1))


def _broadcast_importances(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(3, 7, 4), importance=draw.uniform(4, low=0.1))
    yield call(draw.normal(3, 7, 4), importance=draw.uniform(1, 4, low=0.1))


def _equal_importances(draw: Draw) -> Iterator[Call]:
    yield call(draw.normal(2, 8, 4), importance=torch.tensor([0.5, 1.0, 0.5, 1.0]))
    yield call(draw.normal(2, 8, 4), importance=torch.ones(4))
    yield call(draw.normal(2, 8, 4), importance=torch.ones(2, 1))
    # nearly equal is not equal: the later feature comes first
    yield call(draw.normal(2, 8, 4), importance=torch.tensor([0.5, 0.5 + 2**-22, 0.0, 2**-24]))


def _dead_neurons(draw: Draw) -> Iterator[Call]:
    W = draw.normal(2, 6, 3)
    W[0, 0] = 0.0
    W[1, 3] = 0.0
    yield call(W, importance=torch.tensor([1.0, 0.7, 0.5]))
    yield call(W, importance=torch.tensor([0.2, 0.0, 0.5]))


def _by_feature_number(W: Tensor, *, importance: Tensor) -> Tensor:  # noqa: ARG001  (unused: that is the slip)
    weight, largest = W.abs().max(-1)
    place = torch.where(weight > 0, largest, W.shape[-1])
    by_weight = torch.argsort(weight, dim=-1, descending=True, stable=True)
    return by_weight.gather(-1, place.gather(-1, by_weight).argsort(dim=-1, stable=True))


def _least_important_first(W: Tensor, *, importance: Tensor) -> Tensor:
    weight, largest = W.abs().max(-1)
    importance = importance.expand(*W.shape[:-2], W.shape[-1])
    rank = importance.argsort(dim=-1, stable=True).argsort(dim=-1)
    place = torch.where(weight > 0, rank.gather(-1, largest), W.shape[-1])
    by_weight = torch.argsort(weight, dim=-1, descending=True, stable=True)
    return by_weight.gather(-1, place.gather(-1, by_weight).argsort(dim=-1, stable=True))


def _largest_without_absolute_value(W: Tensor, *, importance: Tensor) -> Tensor:
    weight, largest = W.max(-1)
    importance = importance.expand(*W.shape[:-2], W.shape[-1])
    rank = importance.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    place = torch.where((W != 0).any(-1), rank.gather(-1, largest), W.shape[-1])
    by_weight = torch.argsort(weight, dim=-1, descending=True, stable=True)
    return by_weight.gather(-1, place.gather(-1, by_weight).argsort(dim=-1, stable=True))


def _weights_times_importance(W: Tensor, *, importance: Tensor) -> Tensor:
    importance = importance.expand(*W.shape[:-2], W.shape[-1])
    weight, largest = (W.abs() * importance.unsqueeze(-2)).max(-1)
    rank = importance.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    place = torch.where(weight > 0, rank.gather(-1, largest), W.shape[-1])
    by_weight = torch.argsort(weight, dim=-1, descending=True, stable=True)
    return by_weight.gather(-1, place.gather(-1, by_weight).argsort(dim=-1, stable=True))


def _by_weight_only(W: Tensor, *, importance: Tensor) -> Tensor:  # noqa: ARG001  (unused: that is the slip)
    return W.abs().amax(-1).argsort(dim=-1, descending=True, stable=True)


def _within_a_feature_as_they_come(W: Tensor, *, importance: Tensor) -> Tensor:
    weight, largest = W.abs().max(-1)
    importance = importance.expand(*W.shape[:-2], W.shape[-1])
    rank = importance.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    place = torch.where(weight > 0, rank.gather(-1, largest), W.shape[-1])
    return place.argsort(dim=-1, stable=True)


def _smaller_weight_first(W: Tensor, *, importance: Tensor) -> Tensor:
    weight, largest = W.abs().max(-1)
    importance = importance.expand(*W.shape[:-2], W.shape[-1])
    rank = importance.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    place = torch.where(weight > 0, rank.gather(-1, largest), W.shape[-1])
    by_weight = torch.argsort(weight, dim=-1, stable=True)
    return by_weight.gather(-1, place.gather(-1, by_weight).argsort(dim=-1, stable=True))


def _one_key_of_place_and_weight(W: Tensor, *, importance: Tensor) -> Tensor:
    weight, largest = W.abs().max(-1)
    importance = importance.expand(*W.shape[:-2], W.shape[-1])
    rank = importance.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    place = torch.where(weight > 0, rank.gather(-1, largest), W.shape[-1])
    return torch.argsort(100 * place - weight, dim=-1)


def _mixes_equal_importances(W: Tensor, *, importance: Tensor) -> Tensor:
    weight, largest = W.abs().max(-1)
    importance = importance.expand(*W.shape[:-2], W.shape[-1])
    value = torch.where(weight > 0, importance.gather(-1, largest), -1.0)
    by_weight = torch.argsort(weight, dim=-1, descending=True, stable=True)
    by_value = value.gather(-1, by_weight).argsort(dim=-1, descending=True, stable=True)
    return by_weight.gather(-1, by_value)


def _dead_by_feature_zero(W: Tensor, *, importance: Tensor) -> Tensor:
    weight, largest = W.abs().max(-1)
    importance = importance.expand(*W.shape[:-2], W.shape[-1])
    rank = importance.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    place = rank.gather(-1, largest)
    by_weight = torch.argsort(weight, dim=-1, descending=True, stable=True)
    return by_weight.gather(-1, place.gather(-1, by_weight).argsort(dim=-1, stable=True))


def _places_of_the_neurons(W: Tensor, *, importance: Tensor) -> Tensor:
    weight, largest = W.abs().max(-1)
    importance = importance.expand(*W.shape[:-2], W.shape[-1])
    rank = importance.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    place = torch.where(weight > 0, rank.gather(-1, largest), W.shape[-1])
    by_weight = torch.argsort(weight, dim=-1, descending=True, stable=True)
    order = by_weight.gather(-1, place.gather(-1, by_weight).argsort(dim=-1, stable=True))
    return order.argsort(dim=-1)


def _largest_features(W: Tensor, *, importance: Tensor) -> Tensor:
    weight, largest = W.abs().max(-1)
    importance = importance.expand(*W.shape[:-2], W.shape[-1])
    rank = importance.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    place = torch.where(weight > 0, rank.gather(-1, largest), W.shape[-1])
    return largest.gather(-1, place.argsort(dim=-1, stable=True))


def _sorted_by_python(W: Tensor, *, importance: Tensor) -> Tensor:
    *instances, m, n = W.shape
    importances = importance.expand(*instances, n).reshape(-1, n).tolist()
    orders = []
    for rows, values in zip(W.abs().reshape(-1, m, n).tolist(), importances, strict=True):
        keys = []
        for row in rows:
            weight = max(row)
            largest = row.index(weight)
            keys.append((weight == 0, -values[largest], largest, -weight))
        orders.append(sorted(range(m), key=keys.__getitem__))
    return torch.tensor(orders, device=W.device).reshape(*instances, m)


EXERCISE = Exercise(
    reference=neurons.sort_neurons,
    points=3,
    minutes=14,
    difficulty=4,
    checks=(
        equals_reference("small models that you can do by hand", _small_rows),
        equals_reference("random models, several instances", _random_rows, weight=2),
        equals_reference("one instance keeps its axis, and none needs one", _lone_rows),
        equals_reference("the same importances for all instances", _broadcast_importances),
        equals_reference("features of equal importance stay apart", _equal_importances),
        equals_reference("zero rows come last", _dead_neurons),
        keeps_arguments(_random_rows),
        keeps_device(_random_rows),
    ),
    slips=(
        Slip(
            answer=_by_feature_number,
            says="You sorted by the number of the feature. Sort by its importance, which need not "
            "fall with the number.",
        ),
        Slip(
            answer=_least_important_first,
            says="You put the least important feature first.",
        ),
        Slip(
            answer=_largest_without_absolute_value,
            says="You took each neuron's largest weight without absolute values. A neuron for a "
            "negative side has a large negative weight.",
        ),
        Slip(
            answer=_weights_times_importance,
            says="You looked for the largest weight times importance. A neuron's feature is the "
            "one with the largest absolute weight; its importance only decides the order.",
        ),
        Slip(
            answer=_by_weight_only,
            says="You sorted by the size of the weights. The importance of the largest feature "
            "comes first; the weight only decides among neurons of one feature.",
        ),
        Slip(
            answer=_within_a_feature_as_they_come,
            says="Neurons with the same largest feature are in the order in which they came. The "
            "one with the larger weight comes first.",
        ),
        Slip(
            answer=_smaller_weight_first,
            says="Of neurons with the same largest feature you put the one with the smaller weight "
            "first.",
        ),
        Slip(
            answer=_one_key_of_place_and_weight,
            says="You put the feature's place and the weight into one number, and a large weight "
            "makes up for a place. Sort by one after the other.",
        ),
        Slip(
            answer=_mixes_equal_importances,
            says="Where two features are equally important you mixed their neurons. All of the "
            "feature with the lower number come first.",
        ),
        Slip(
            answer=_dead_by_feature_zero,
            says="A zero row has no largest feature, and argmax calls it feature 0. Zero rows come "
            "last.",
        ),
        Slip(
            answer=_places_of_the_neurons,
            says="You returned the place of each neuron. Needed is the neuron at each place, so "
            "that W[order] is sorted.",
        ),
        Slip(
            answer=_largest_features,
            says="You returned the features. Needed are the neurons, in their order.",
        ),
    ),
    also_right=_sorted_by_python,
)
