"""What checks do with objects that an answer makes."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch
from beartype import beartype
from jaxtyping import Float, jaxtyped
from torch import nn
from torch.testing import assert_close

from autograder.answer import AnswerError, GradientError, LocalAnswer, call
from autograder.handles import calls, gets, sets
from autograder.problems import RaisedError


class Scale(nn.Module):
    """x times a trained factor for each of three entries."""

    def __init__(self, *, start: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.full((3,), start))
        self.label = "scale"

    def forward(self, x):
        return self.factor * x

    def powers(self, n: int):
        return tuple(self.factor**k for k in range(n))


@dataclass
class Config:
    """What a student may write for settings."""

    n_hidden: int
    lr: float = 0.1


def outcome(answer, use, **settings):
    return LocalAnswer("answer", {"answer": answer}, seconds=5).outcome(use, **settings)


X = torch.tensor([1.0, 2.0, 3.0])
NEW = call(start=2.0)


def test_each_step_gives_its_value_by_its_own_words():
    value = outcome(Scale, NEW.then(gets("label"), calls("", X), calls("powers", n=2))).value
    assert list(value) == ["object.label", "object(tensor of shape (3,))", "object.powers(n=2)"]
    assert value["object.label"] == "scale"
    assert_close(value["object(tensor of shape (3,))"], 2 * X)
    assert_close(value["object.powers(n=2)"], (torch.ones(3), torch.full((3,), 2.0)))


def test_what_is_set_is_used_later():
    got = outcome(Scale, NEW.then(sets("factor", X), calls("", X), calls("state_dict"))).value
    assert_close(got["object(tensor of shape (3,))"], X**2)
    assert_close(got["object.state_dict()"], {"factor": X})


def test_a_state_can_be_loaded_and_a_module_be_turned_into_double():
    x = X.double()
    use = NEW.then(calls("load_state_dict", {"factor": X}), calls("double"), calls("", x))
    value = outcome(Scale, use).value
    assert "object.double()" not in value  # it gives the object itself
    assert_close(value["object(tensor of shape (3,))"], x**2)


def test_gradients_reach_parameters_and_arguments():
    def scaled(factor):
        model = Scale(start=1.0)
        model.forward = lambda x: model.factor * factor * x
        return model

    got = outcome(scaled, call(X).then(calls("", X)), wrt=[0, ".factor"]).gradients
    weights = torch.tensor([0.5, 1.0, 1.5])
    assert list(got) == [0, ".factor"]
    assert_close(got[0], weights * X)
    assert_close(got[".factor"], weights * X**2)


def test_what_takes_no_part_has_the_gradient_0_or_none():
    use = NEW.then(calls("powers", n=1), gets("factor"))
    assert_close(outcome(Scale, use, wrt=[".factor"]).gradients[".factor"], X / 2)
    with pytest.raises(AnswerError, match=r"object\.label is not trained"):
        outcome(Scale, NEW.then(calls("", X)), wrt=[".label"])
    with pytest.raises(GradientError):
        outcome(Scale, NEW.then(gets("label")), wrt=[".factor"])


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (gets("bias"), r"There is no object\.bias\.$"),
        (calls("fit"), r"There is no object\.fit\.$"),
        (calls("", X, X), "positional arguments"),
        (sets("factor", torch.ones(2)), r"shape \(2,\); got \(3,\)"),
        (sets("label", X), "got str"),
        (gets("powers"), "builtins.method"),
    ],
)
def test_what_cannot_be_done_is_the_answers_problem(step, told):
    with pytest.raises(AnswerError, match=told):
        outcome(Scale, NEW.then(step))


def test_who_forgets_the_module_is_reminded_of_it():
    with pytest.raises(AnswerError, match=r"no object\.state_dict\. Does your class inherit"):
        outcome(Config, call(n_hidden=4).then(calls("state_dict")))


class Annotated(nn.Module):
    """A module whose result does not keep to its annotation."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(3))

    @jaxtyped(typechecker=beartype)
    def forward(self, x: Float[torch.Tensor, " n"]) -> Float[torch.Tensor, "n 1"]:
        return self.factor * x


def test_a_method_that_breaks_its_annotation_tells_what_came():
    with pytest.raises(RaisedError, match="annotated shapes") as raised:
        outcome(Annotated, call().then(gets("factor"), calls("", X)))
    value = raised.value.value[0]  # pyright: ignore[reportGeneralTypeIssues]
    assert_close(value["object(tensor of shape (3,))"], X)


def test_arguments_of_steps_are_copies_and_changes_are_seen():
    class Changes(Scale):
        def forward(self, x):
            return x.mul_(self.factor)

    use = NEW.then(calls("", X))
    changed = use.changed(outcome(Changes, use).after)
    assert changed == ("1 of object(tensor of shape (3,))",)
    assert_close(X, torch.tensor([1.0, 2.0, 3.0]))


@pytest.mark.parametrize("change", ["unsqueeze_", "resize_"])
def test_an_argument_of_another_shape_has_changed(change):
    class Changes(Scale):
        def forward(self, x):
            getattr(x, change)(0)
            return self.factor

    use = NEW.then(calls("", X))
    got = outcome(Changes, use)
    assert use.changed(got.after) == ("1 of object(tensor of shape (3,))",)
    assert list(got.value) == ["object(tensor of shape (3,))"]


def test_a_call_keeps_no_object_for_the_next():
    use = NEW.then(sets("factor", X), gets("factor"))
    outcome(Scale, use)
    assert_close(outcome(Scale, NEW.then(gets("factor"))).value["object.factor"], 2 * X / X)


def test_functions_iterators_and_configs_are_objects_too():
    def multiplier(by):
        return lambda x: by * x

    def countdown(n) -> Iterator[int]:
        yield from range(n, 0, -1)

    assert_close(list(outcome(multiplier, call(3).then(calls("", X))).value.values()), [3 * X])
    assert outcome(countdown, call(5).then(calls("__next__"))).value == {"object.__next__()": 5}
    value = outcome(Config, call(n_hidden=4).then(gets("n_hidden"), gets("lr"))).value
    assert value == {"object.n_hidden": 4, "object.lr": 0.1}


def test_two_steps_with_the_same_words_are_refused():
    with pytest.raises(ValueError, match="read the same"):
        NEW.then(calls("", X), calls("", X + 1))
