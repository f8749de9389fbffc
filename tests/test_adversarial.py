"""Tests of tms_lib.adversarial."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from tms_lib import train_relu_output
from tms_lib.adversarial import (
    attack_directions,
    attack_harm,
    attack_size,
    attacked_losses,
    gradient_attack,
    losses_by_direction,
    per_example_attack,
    relative_vulnerability,
    universal_attack,
)
from tms_lib.features import sample_features
from tms_lib.losses import weighted_mse
from tms_lib.metrics import dimensionality, dimensions_per_feature, feature_norm
from tms_lib.models import gram, relu_output
from tms_lib.theory import linear_optimum

ATTACKS = [universal_attack, per_example_attack, gradient_attack]
every_attack = pytest.mark.parametrize("attack", ATTACKS)


def random_case(seed: int) -> dict[str, Tensor]:
    """A batch and a model of two instances, 5 features and 3 dimensions, nothing uniform."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, dtype=torch.float64)

    return {
        "x": sample_features(uniform(2, 5), 7, generator=generator),
        "W": 2 * uniform(2, 3, 5) - 1,
        "b": uniform(2, 5) - 0.5,
        "importance": uniform(2, 5),
        "size": uniform(2),
    }


def relative(attack, x: Tensor, *, W: Tensor, b: Tensor, p: Tensor, importance: Tensor) -> Tensor:
    """The vulnerability to a kind of attack, of a tenth of the inputs' length."""
    model = {"W": W, "b": b, "importance": importance, "size": attack_size(x, fraction=0.1)}
    return relative_vulnerability(x, attack(x, **model), **model, feature_probability=p)


def loss_of_input(case: dict[str, Tensor], instance: int, row: int, attack: Tensor) -> float:
    """The loss of one attacked input, in plain loops."""
    x, W, b = case["x"][instance, row], case["W"][instance], case["b"][instance]
    h = [sum(float(w * value) for w, value in zip(W_k, x + attack, strict=True)) for W_k in W]
    total = 0.0
    for i in range(len(x)):
        output = sum(float(W[k, i]) * h[k] for k in range(len(h))) + float(b[i])
        total += float(case["importance"][instance, i]) * (float(x[i]) - max(output, 0)) ** 2
    return total


def candidates(case: dict[str, Tensor], instance: int) -> list[Tensor]:
    """The attacks along the rows of W^T W, in plain loops."""
    W, size = case["W"][instance], case["size"][instance]
    rows = [torch.stack([W[:, i] @ W[:, j] for j in range(W.shape[1])]) for i in range(W.shape[1])]
    return [size * row / row.norm() for row in rows]


def test_directions_are_unit_rows():
    W = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    half = 0.5**0.5
    expected = [[2 / 5**0.5, 1 / 5**0.5, 0], [half, half, 0], [0, 0, 0]]
    assert_close(attack_directions(W), torch.tensor(expected))


def test_without_superposition_a_direction_is_the_feature_itself():
    W = torch.tensor([[[0.0, 3.0, 0.0], [0.5, 0.0, 0.0]]])
    assert_close(attack_directions(W), torch.diag(torch.tensor([1.0, 1.0, 0.0])).expand(1, 3, 3))


@pytest.mark.parametrize("seed", range(5))
def test_an_output_moves_the_farther_the_less_dimension_its_feature_has(seed):
    W = random_case(seed)["W"]
    moved = torch.linalg.vector_norm(gram(W), dim=-1)  # along d_i, at length 1
    assert_close(moved, feature_norm(W) ** 2 / dimensionality(W).sqrt())


def test_size_is_a_fraction_of_each_instances_mean_length():
    x = torch.tensor([[[3.0, 4.0], [0.0, 0.0]], [[0.0, 1.0], [0.6, 0.8]]])
    assert_close(attack_size(x, fraction=0.2), torch.tensor([0.5, 0.2]))


@pytest.mark.parametrize("seed", range(5))
def test_the_universal_attack_is_the_worst_direction_for_the_batch(seed):
    case = random_case(seed)
    attack = universal_attack(**case)
    for instance in range(2):
        totals = [
            sum(loss_of_input(case, instance, row, candidate) for row in range(7))
            for candidate in candidates(case, instance)
        ]
        worst = candidates(case, instance)[totals.index(max(totals))]
        assert_close(attack[instance], worst.unsqueeze(0))


@pytest.mark.parametrize("seed", range(5))
def test_the_attack_per_example_is_the_worst_direction_for_each_input(seed):
    case = random_case(seed)
    attack = per_example_attack(**case)
    for instance in range(2):
        for row in range(7):
            losses = [
                loss_of_input(case, instance, row, candidate)
                for candidate in candidates(case, instance)
            ]
            worst = candidates(case, instance)[losses.index(max(losses))]
            # two outputs may have rows in one direction, so only the loss is determined
            assert_close(loss_of_input(case, instance, row, attack[instance, row]), max(losses))
            assert_close(attack[instance, row].norm(), worst.norm())


@pytest.mark.parametrize("seed", range(3))
def test_losses_of_attacked_inputs_agree_with_loops(seed):
    case = random_case(seed)
    found = losses_by_direction(**case)
    for instance in range(2):
        for row in range(7):
            expected = [
                loss_of_input(case, instance, row, candidate)
                for candidate in candidates(case, instance)
            ]
            assert_close(found[instance, row], torch.tensor(expected, dtype=torch.float64))


def test_without_an_attack_the_mean_loss_is_the_models():
    case = random_case(4)
    x, W, b, importance = (case[name] for name in ("x", "W", "b", "importance"))
    losses = attacked_losses(x, torch.zeros_like(x[:, :1]), W=W, b=b, importance=importance)
    expected = weighted_mse(x, relu_output(x, W=W, b=b), importance=importance)
    assert_close(losses.mean(-1), expected)


def test_harm_agrees_with_loops():
    case = random_case(0)
    size = case.pop("size")
    attack = size[:, None, None] * torch.ones(2, 7, 5, dtype=torch.float64)
    expected = torch.zeros(2, dtype=torch.float64)
    for instance in range(2):
        for row in range(7):
            attacked = loss_of_input(case, instance, row, attack[instance, row])
            clean = loss_of_input(case, instance, row, torch.zeros(5))
            expected[instance] += (attacked - clean) / 7
    assert_close(attack_harm(case.pop("x"), attack, **case), expected)


@given(seed=st.integers(0, 2**32 - 1))
def test_a_freer_attack_harms_at_least_as_much(seed):
    case = random_case(seed)
    size = case.pop("size")
    x = case.pop("x")
    harms = [attack_harm(x, attack(x, **case, size=size), **case) for attack in ATTACKS]
    rounding = 1e-12
    assert (harms[1] >= harms[0] - rounding).all()
    assert (harms[2] >= harms[1] - rounding).all()


@given(seed=st.integers(0, 2**32 - 1))
def test_no_attack_is_longer_than_its_size(seed):
    case = random_case(seed)
    for attack in ATTACKS:
        length = torch.linalg.vector_norm(attack(**case), dim=-1)
        assert (length <= case["size"].unsqueeze(-1) * (1 + 1e-12)).all()


@every_attack
def test_an_instance_is_attacked_as_it_would_be_alone(attack):
    case = random_case(3)
    alone = {name: value[1] for name, value in case.items()}
    assert_close(attack(**case)[1], attack(**alone))


def test_gradient_attack_finds_the_top_eigenvector():
    # All outputs stay positive and x is reconstructed perfectly, so that the loss is
    # |W^T W a|^2: at most size^2 times the square of the top eigenvalue.
    top = torch.full((3, 1), 3**-0.5, dtype=torch.float64)
    W = torch.eye(3, dtype=torch.float64) + 0.5 * top @ top.mT  # eigenvalues 1.5, 1, 1
    x = torch.full((1, 3), 0.8, dtype=torch.float64)
    b = (x - x @ W.mT @ W).squeeze(0)
    size = torch.tensor(0.05, dtype=torch.float64)
    model = {"W": W, "b": b, "importance": torch.ones(3, dtype=torch.float64)}
    found = attack_harm(x, gradient_attack(x, **model, size=size, n_steps=50), **model)
    along_rows = attack_harm(x, per_example_attack(x, **model, size=size), **model)
    bound = (size * 1.5**2) ** 2
    # a step leaves (1 + (1 / 1.5^4) / 4) / (1 + 1 / 4) = 0.84 of a small angle to `top`
    assert_close(found, bound, rtol=1e-6, atol=0)
    assert along_rows < 0.8 * bound


@every_attack
def test_without_superposition_the_harm_is_size_squared_times_the_top_importance(attack):
    generator = torch.Generator().manual_seed(0)
    p = torch.tensor([0.3, 0.5, 0.2, 0.4], dtype=torch.float64)
    importance = torch.tensor([1.0, 0.1, 0.7, 0.2], dtype=torch.float64)
    x = sample_features(p, 50, generator=generator)
    W, b = linear_optimum(p, importance=importance, n_hidden=2)
    size = torch.tensor(0.3, dtype=torch.float64)
    harm = attack_harm(
        x, attack(x, W=W, b=b, importance=importance, size=size), W=W, b=b, importance=importance
    )
    assert_close(harm, size**2 * 1.0)


@every_attack
@pytest.mark.parametrize("n_features", [3, 4])
def test_the_model_without_superposition_has_vulnerability_one(attack, n_features, generator):
    p = torch.tensor([[0.3], [0.9]]).expand(2, n_features)
    importance = torch.ones(n_features)
    W, b = linear_optimum(p, importance=importance, n_hidden=3)
    x = sample_features(p, 50, generator=generator)
    found = relative(attack, x, W=W, b=b, p=p, importance=importance)
    assert_close(found, torch.ones(2), rtol=1e-4, atol=0)  # float32 differences of losses


def test_antipodal_pairs_are_as_vulnerable_as_they_have_features_per_dimension():
    # Input (v, 0) attacked along (1, -1) / sqrt(2): output 0 is off by sqrt(2) size, output 1
    # stays 0. So does (0, v) in mirror image, also under this attack, while v > sqrt(2) size.
    W = torch.tensor([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]], dtype=torch.float64)
    x = torch.diag(torch.tensor([0.5, 0.9, 0.7, 0.8], dtype=torch.float64))
    zeros, p = torch.zeros(4, dtype=torch.float64), torch.tensor([0.1], dtype=torch.float64)
    found = relative(universal_attack, x, W=W, b=zeros, p=p, importance=zeros + 1)
    assert_close(found, torch.tensor(2.0, dtype=torch.float64))
    assert_close(found, 1 / dimensions_per_feature(W))


@every_attack
def test_vulnerability_rises_with_the_features_per_dimension(attack, generator):
    p = torch.tensor([[1.0], [0.3], [0.1]]).expand(3, 60)
    importance = torch.ones(60)
    W, b, _ = train_relu_output(
        p,
        importance=importance,
        n_hidden=6,
        n_steps=1000,
        batch_size=256,
        lr=1e-2,
        generator=generator,
    )
    x = sample_features(p, 1000, generator=generator)
    found = relative(attack, x, W=W, b=b, p=p, importance=importance)
    per_dimension = 1 / dimensions_per_feature(W)
    assert 0.9 < found[0] < 1.1  # dense: no superposition
    assert found[-1] > 2 * found[0]
    assert (found.argsort() == per_dimension.argsort()).all()


@pytest.mark.parametrize("fraction", [0.0, -0.1, math.nan, math.inf])
def test_a_useless_fraction_is_refused(fraction):
    with pytest.raises(ValueError, match="fraction must be positive and finite; got"):
        attack_size(torch.ones(2, 3), fraction=fraction)


@every_attack
@pytest.mark.parametrize("wrong", [-0.1, math.nan, math.inf])
def test_a_useless_size_is_refused(attack, wrong):
    case = random_case(0)
    case["size"][1] = wrong
    with pytest.raises(ValueError, match=rf"size must be finite .* got {wrong} at index \[1\]"):
        attack(**case)


@every_attack
def test_a_diverged_model_is_refused(attack):
    case = random_case(0)
    case["W"][0, 1, 2] = math.nan
    with pytest.raises(ValueError, match=r"W of shape .* is not finite"):
        attack(**case)


def test_an_attack_of_no_size_has_no_relative_harm():
    case = random_case(0)
    case["size"][1] = 0
    with pytest.raises(ValueError, match=r"size must be greater than 0; got 0 at index \[1\]"):
        relative_vulnerability(
            attack=torch.zeros_like(case["x"]),
            **case,
            feature_probability=torch.full((5,), 0.5).double(),
        )


def test_a_gradient_attack_needs_a_step():
    with pytest.raises(ValueError, match="n_steps must be at least 1; got 0"):
        gradient_attack(**random_case(0), n_steps=0)


def test_attacks_work_on_parameters_and_leave_no_graph():
    case = random_case(0)
    case["W"] = torch.nn.Parameter(case["W"])
    assert not any(attack(**case).requires_grad for attack in ATTACKS)
