"""The exercise `attacked_losses`: the loss of every input when it is attacked."""

from collections.abc import Iterator

import torch

import tms_lib
from autograder.answer import Call, call
from autograder.claims import contract, equals_reference
from autograder.exercise import Draw, Exercise, Slip
from autograder.exercises.adversarial_examples._shared import batch, model


def _pair_by_hand(_draw: Draw) -> Iterator[Call]:
    x, attack = torch.tensor([[[0.9, 0.0], [0.0, 0.3]]]), torch.tensor([[[0.3, -0.1]]])
    W, b = torch.tensor([[[1.0, -1.0]]]), torch.zeros(1, 2)
    yield call(x, attack, W=W, b=b, importance=torch.ones(2))
    b, importance = torch.tensor([[-0.1, 0.2]]), torch.tensor([[1.0, 0.5]])
    yield call(x, attack, W=W, b=b, importance=importance)


def _attacked_batches(draw: Draw) -> Iterator[Call]:
    # as many instances as inputs, so that importances can meet the batch axis
    for n_instances, n_rows, n_hidden, n_features in ((4, 4, 2, 5), (3, 6, 3, 5)):
        yield call(
            batch(draw, n_instances, n_rows, n_features),
            0.4 * draw.normal(n_instances, n_rows, n_features),
            **model(draw, n_instances, n_hidden=n_hidden, n_features=n_features),
        )


def _one_attack_for_all(draw: Draw) -> Iterator[Call]:
    for importance in (draw.uniform(5), draw.uniform(3, 1), draw.uniform(3, 5)):
        known = model(draw, 3, n_hidden=2, n_features=5) | {"importance": importance}
        yield call(batch(draw, 3, 6, 5), 0.4 * draw.normal(3, 1, 5), **known)


def _lone_batches(draw: Draw) -> Iterator[Call]:
    for instances in ((1,), (), (2, 3)):  # any number of instance axes
        yield call(
            batch(draw, *instances, 4, 5),
            0.4 * draw.normal(*instances, 4, 5),
            **model(draw, *instances, n_hidden=2, n_features=5),
        )


def _without_attack(draw: Draw) -> Iterator[Call]:
    known = model(draw, 2, n_hidden=2, n_features=5)
    yield call(batch(draw, 2, 4, 5), torch.zeros(2, 4, 5), **known)
    yield call(torch.zeros(2, 4, 5), 0.4 * draw.normal(2, 1, 5), **known)


def _attacked_target(x, attack, *, W, b, importance):
    x_hat = tms_lib.relu_output(x + attack, W=W, b=b)
    return (importance.unsqueeze(-2) * (x + attack - x_hat) ** 2).sum(-1)


def _clean_input(x, attack, *, W, b, importance):
    x_hat = tms_lib.relu_output(x + 0 * attack, W=W, b=b)
    return (importance.unsqueeze(-2) * (x - x_hat) ** 2).sum(-1)


def _attacked_output(x, attack, *, W, b, importance):
    x_hat = tms_lib.relu_output(x, W=W, b=b) + attack
    return (importance.unsqueeze(-2) * (x - x_hat) ** 2).sum(-1)


def _subtracts_the_attack(x, attack, *, W, b, importance):
    x_hat = tms_lib.relu_output(x - attack, W=W, b=b)
    return (importance.unsqueeze(-2) * (x - x_hat) ** 2).sum(-1)


def _clamps_the_input(x, attack, *, W, b, importance):
    x_hat = tms_lib.relu_output((x + attack).clamp(0, 1), W=W, b=b)
    return (importance.unsqueeze(-2) * (x - x_hat) ** 2).sum(-1)


def _keeps_the_input_positive(x, attack, *, W, b, importance):
    x_hat = tms_lib.relu_output((x + attack).clamp(min=0), W=W, b=b)
    return (importance.unsqueeze(-2) * (x - x_hat) ** 2).sum(-1)


def _attacks_the_linear_model(x, attack, *, W, b, importance):
    x_hat = tms_lib.linear_output(x + attack, W=W, b=b)
    return (importance.unsqueeze(-2) * (x - x_hat) ** 2).sum(-1)


def _all_equally_important(x, attack, *, W, b, importance):
    x_hat = tms_lib.relu_output(x + attack, W=W, b=b)
    return ((0 * importance.unsqueeze(-2) + 1) * (x - x_hat) ** 2).sum(-1)


def _importance_meets_batch(x, attack, *, W, b, importance):
    x_hat = tms_lib.relu_output(x + attack, W=W, b=b)
    return (importance * (x - x_hat) ** 2).sum(-1)


def _mean_over_the_features(x, attack, *, W, b, importance):
    x_hat = tms_lib.relu_output(x + attack, W=W, b=b)
    return (importance.unsqueeze(-2) * (x - x_hat) ** 2).mean(-1)


def _mean_over_the_batch(x, attack, *, W, b, importance):
    x_hat = tms_lib.relu_output(x + attack, W=W, b=b)
    return tms_lib.weighted_mse(x, x_hat, importance=importance)


def _harm(x, attack, *, W, b, importance):
    x_hat, clean = (tms_lib.relu_output(x + a, W=W, b=b) for a in (attack, 0 * attack))
    difference = (x - x_hat) ** 2 - (x - clean) ** 2
    return (importance.unsqueeze(-2) * difference).sum(-1)


def _change_of_the_output(x, attack, *, W, b, importance):
    x_hat, clean = (tms_lib.relu_output(x + a, W=W, b=b) for a in (attack, 0 * attack))
    return (importance.unsqueeze(-2) * (clean - x_hat) ** 2).sum(-1)


def _every_input_its_own_batch(x, attack, *, W, b, importance):
    attack = attack.expand(x.shape)
    losses = []
    for k in range(x.shape[-2]):
        row = x[..., k : k + 1, :]
        before = (row + attack[..., k : k + 1, :]) @ W.mT @ W + b.unsqueeze(-2)
        losses.append(tms_lib.weighted_mse(row, torch.relu(before), importance=importance))
    return torch.stack(losses, dim=-1)


EXERCISE = Exercise(
    reference=tms_lib.attacked_losses,
    points=2,
    minutes=10,
    difficulty=2,
    checks=(
        equals_reference("an antipodal pair, by hand", _pair_by_hand),
        equals_reference("an attack for each input", _attacked_batches, weight=2),
        equals_reference("one attack for all inputs, and shared importances", _one_attack_for_all),
        equals_reference("one instance keeps its axis, and none needs one", _lone_batches),
        equals_reference("no attack, and inputs that are 0", _without_attack),
        *contract(_attacked_batches, gradients=["attack"]),
    ),
    slips=(
        Slip(
            answer=_attacked_target,
            says="You compared with the attacked input. The model ought to return the clean one: "
            "the target is x.",
        ),
        Slip(
            answer=_clean_input,
            says="Your model sees the clean input. Give it x + attack.",
        ),
        Slip(
            answer=_attacked_output,
            says="You added the attack to the output. It changes what the model sees: "
            "relu_output(x + attack, ...).",
        ),
        Slip(
            answer=_subtracts_the_attack,
            says="You subtracted the attack. The model sees x + attack.",
        ),
        Slip(
            answer=_clamps_the_input,
            says="You clamped the attacked input to [0, 1]. It may leave the range of the "
            "features: the attack is limited by its length only.",
        ),
        Slip(
            answer=_keeps_the_input_positive,
            says="You set negative entries of the attacked input to 0. They may be negative: the "
            "attack is limited by its length only.",
        ),
        Slip(
            answer=_attacks_the_linear_model,
            says="You attacked the linear model. This one has a ReLU at its output.",
        ),
        Slip(
            answer=_all_equally_important,
            says="You left out the importances. Feature i's squared error counts I_i times.",
        ),
        Slip(
            answer=_importance_meets_batch,
            says="Your importances met the batch axis: instance k's went to input k. "
            "Give them a batch axis with unsqueeze(-2).",
        ),
        Slip(
            answer=_mean_over_the_features,
            says="You averaged over the features. They are summed, as in the model's loss.",
        ),
        Slip(
            answer=_mean_over_the_batch,
            says="You averaged over the batch. Here each input keeps a loss of its own.",
        ),
        Slip(
            answer=_harm,
            says="You subtracted the loss without the attack. That is the harm; here the attacked "
            "loss itself is wanted.",
        ),
        Slip(
            answer=_change_of_the_output,
            says="You measured how far the output moves. The loss compares it with x, which the "
            "model may miss also without an attack.",
        ),
    ),
    also_right=_every_input_its_own_batch,
)
