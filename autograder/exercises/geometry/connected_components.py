"""The exercise `connected_components`: a label for all features that a path connects."""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from autograder.answer import Call, call
from autograder.claims import equals_reference, keeps_arguments, keeps_device
from autograder.exercise import Draw, Exercise, Slip
from tms_lib import geometry


def _graph(n: int, *edges: tuple[int, int]) -> Tensor:
    graph = torch.zeros(n, n, dtype=torch.bool)
    for i, j in edges:
        graph[i, j] = graph[j, i] = True
    return graph


def _small_graph(_draw: Draw) -> Iterator[Call]:
    # two pairs, one of them across the other, and one alone
    yield call(_graph(5, (0, 3), (1, 4)))


def _random_graph(draw: Draw, *shape: int) -> Tensor:
    """About one edge per feature, so that components of all sizes occur; some diagonals."""
    n = shape[-1]
    upper = draw.uniform(*shape) < 1 / n
    return upper | upper.mT


def _random_graphs(draw: Draw) -> Iterator[Call]:
    yield call(_random_graph(draw, 4, 8, 8))
    yield call(_random_graph(draw, 3, 12, 12))


def _one_graph(draw: Draw) -> Iterator[Call]:
    yield call(_random_graph(draw, 1, 7, 7))
    yield call(_random_graph(draw, 9, 9))
    yield call(_random_graph(draw, 2, 3, 6, 6))
    yield call(_graph(1))


def _long_paths(draw: Draw) -> Iterator[Call]:
    # every path has to be walked from one end to the other
    for n in (15, 24):
        order = torch.argsort(draw.uniform(n)).tolist()
        path = _graph(n, *pairwise(order))
        cut = path.clone()
        cut[order[n // 2]] = False
        cut[:, order[n // 2]] = False
        yield call(torch.stack([path, cut]))
    yield call(_graph(9, *((i, i + 1) for i in range(8))))
    # longer than a hundred rounds, which look like enough; no longer, for searches in plain loops
    yield call(_graph(105, *pairwise(range(105))))


def _alone_or_all(_draw: Draw) -> Iterator[Call]:
    yield call(_graph(4))
    yield call(_graph(4, (0, 0), (2, 2)))
    yield call(torch.ones(2, 3, 3, dtype=torch.bool))


def _lowest_neighbour(graph: Tensor) -> Tensor:
    n_features = graph.shape[-1]
    label = torch.arange(n_features, device=graph.device).expand(graph.shape[:-1])
    around = torch.where(graph, label.unsqueeze(-2), n_features).amin(-1)
    return torch.minimum(label, around)


def _neighbours_of_neighbours(graph: Tensor) -> Tensor:
    n_features = graph.shape[-1]
    label = torch.arange(n_features, device=graph.device).expand(graph.shape[:-1])
    for _ in range(2):
        around = torch.where(graph, label.unsqueeze(-2), n_features).amin(-1)
        label = torch.minimum(label, around)
    return label


def _few_rounds(graph: Tensor) -> Tensor:
    n_features = graph.shape[-1]
    label = torch.arange(n_features, device=graph.device).expand(graph.shape[:-1])
    for _ in range(5):
        around = torch.where(graph, label.unsqueeze(-2), n_features).amin(-1)
        label = torch.minimum(label, around)
    return label


def _highest_index(graph: Tensor) -> Tensor:
    label = torch.arange(graph.shape[-1], device=graph.device).expand(graph.shape[:-1])
    for _ in range(graph.shape[-1]):
        around = torch.where(graph, label.unsqueeze(-2), -1).amax(-1)
        label = torch.maximum(label, around)
    return label


def _numbered_in_turn(graph: Tensor) -> Tensor:
    n_features = graph.shape[-1]
    label = torch.arange(n_features, device=graph.device).expand(graph.shape[:-1])
    for _ in range(n_features):
        around = torch.where(graph, label.unsqueeze(-2), n_features).amin(-1)
        label = torch.minimum(label, around)
    is_first = label == torch.arange(n_features, device=graph.device)
    return (is_first.cumsum(-1) - 1).gather(-1, label)


def _forgets_its_own_label(graph: Tensor) -> Tensor:
    n_features = graph.shape[-1]
    label = torch.arange(n_features, device=graph.device).expand(graph.shape[:-1])
    for _ in range(n_features):
        label = torch.where(graph, label.unsqueeze(-2), n_features).amin(-1)
    return label


def _none_for_lone_features(graph: Tensor) -> Tensor:
    n_features = graph.shape[-1]
    label = torch.arange(n_features, device=graph.device).expand(graph.shape[:-1])
    for _ in range(n_features):
        around = torch.where(graph, label.unsqueeze(-2), n_features).amin(-1)
        label = torch.minimum(label, around)
    others = graph & ~torch.eye(n_features, dtype=torch.bool, device=graph.device)
    return torch.where(others.any(-1), label, -1)


def _number_of_members(graph: Tensor) -> Tensor:
    n_features = graph.shape[-1]
    label = torch.arange(n_features, device=graph.device).expand(graph.shape[:-1])
    for _ in range(n_features):
        around = torch.where(graph, label.unsqueeze(-2), n_features).amin(-1)
        label = torch.minimum(label, around)
    return (label.unsqueeze(-1) == label.unsqueeze(-2)).sum(-1)


def _number_of_neighbours(graph: Tensor) -> Tensor:
    return graph.sum(-1)


def _number_of_components(graph: Tensor) -> Tensor:
    n_features = graph.shape[-1]
    start = torch.arange(n_features, device=graph.device)
    label = start.expand(graph.shape[:-1])
    for _ in range(n_features):
        around = torch.where(graph, label.unsqueeze(-2), n_features).amin(-1)
        label = torch.minimum(label, around)
    return (label == start).sum(-1)


def _connected_pairs(graph: Tensor) -> Tensor:
    n_features = graph.shape[-1]
    label = torch.arange(n_features, device=graph.device).expand(graph.shape[:-1])
    for _ in range(n_features):
        around = torch.where(graph, label.unsqueeze(-2), n_features).amin(-1)
        label = torch.minimum(label, around)
    return label.unsqueeze(-1) == label.unsqueeze(-2)


def _labels_as_floats(graph: Tensor) -> Tensor:
    n_features = graph.shape[-1]
    label = torch.arange(n_features, device=graph.device).expand(graph.shape[:-1])
    for _ in range(n_features):
        around = torch.where(graph, label.unsqueeze(-2), n_features).amin(-1)
        label = torch.minimum(label, around)
    return label.to(torch.float32)


def _components_by_reach(graph: Tensor) -> Tensor:
    n_features = graph.shape[-1]
    within = torch.eye(n_features, dtype=torch.float64, device=graph.device) + graph.double()
    for _ in range(n_features.bit_length()):
        within = ((within @ within) > 0).double()  # each round doubles the length of the paths
    return within.argmax(-1)


EXERCISE = Exercise(
    reference=geometry.connected_components,
    points=3,
    minutes=15,
    difficulty=3,
    checks=(
        equals_reference("a small graph that you can do by hand", _small_graph),
        equals_reference("random graphs, several instances", _random_graphs, weight=2),
        equals_reference("one instance, and no instance axis", _one_graph),
        equals_reference("long paths", _long_paths, weight=2),
        equals_reference("features without neighbours, and all in one", _alone_or_all),
        keeps_arguments(_random_graphs),
        keeps_device(_random_graphs),
    ),
    slips=(
        Slip(
            answer=_lowest_neighbour,
            says="You looked at direct neighbours only. A component also has their neighbours, "
            "and theirs: repeat until nothing changes.",
        ),
        Slip(
            answer=_neighbours_of_neighbours,
            says="You went two steps far. A path may be longer: repeat until nothing changes.",
        ),
        Slip(
            answer=_few_rounds,
            says="You repeated a fixed number of times. A path may be as long as there are "
            "features: repeat until nothing changes.",
        ),
        Slip(
            answer=_highest_index,
            says="You labelled components by their highest index. The label is the lowest.",
        ),
        Slip(
            answer=_numbered_in_turn,
            says="You numbered the components 0, 1, 2 in turn. The label is the lowest index in "
            "the component, so that numbers may be left out.",
        ),
        Slip(
            answer=_forgets_its_own_label,
            says="You took the lowest label of the neighbours and forgot the feature's own. The "
            "graph may have no edge from a feature to itself.",
        ),
        Slip(
            answer=_none_for_lone_features,
            says="You gave -1 to features without neighbours. Each is a component of its own, "
            "labelled by its own index.",
        ),
        Slip(
            answer=_number_of_members,
            says="You returned the size of each feature's component. Return its label, the lowest "
            "index in it.",
        ),
        Slip(
            answer=_number_of_neighbours,
            says="You counted neighbours. Return the label of the feature's component.",
        ),
        Slip(
            answer=_number_of_components,
            says="You counted the components. Return one label per feature.",
        ),
        Slip(
            answer=_connected_pairs,
            says="You returned which pairs are connected. Return one label per feature.",
        ),
        Slip(
            answer=_labels_as_floats,
            says="Your labels are floating-point numbers. They are indices: an integer type.",
        ),
    ),
    also_right=_components_by_reach,
)
