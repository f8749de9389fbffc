"""Answers that use the library's own function earn nothing, others that use the library do."""

import importlib.util
import inspect
import sys
import time
from functools import partial
from typing import Any

import pytest
import torch

import tms_lib
from autograder.answer import LocalAnswer, call
from autograder.borrowed import library_aliases, says_reference, withheld
from autograder.checks import check, grade
from autograder.exercises import EXERCISES, find
from autograder.handles import calls
from autograder.problems import BorrowedError
from tms_lib import adversarial, classify_features, metrics, models, superposition

W = torch.tensor([[1.0, -1.0, 0.2]])
# the wide letters are plain ones to Python
SAYS = [
    "from tms_lib import superposition",
    "from tms_lib.metrics import superposition as s",
    "import tms_lib\ndef f(W):\n    return tms_lib.superposition(W)",
    "import tms_lib\nx = tms_lib.metrics.superposition",
    "import tms_lib as t\nx = t.superposition",
    "import tms_lib.metrics as m\nx = m.superposition",
    "from tms_lib import metrics as m\nx = m.superposition",
    "import tms_lib\nx = getattr(tms_lib.metrics, 'superposition')",
    "import tms_lib\nx = tms_lib.metrics.__dict__['superposition']",
    "import tms_lib\nx = vars(tms_lib)['superposition']",
    "import importlib\nx = importlib.import_module('tms_lib.metrics').superposition",
    "x = __import__('tms_lib').superposition",
    "import tms_lib\nx = tms_lib.ｓｕｐｅｒｐｏｓｉｔｉｏｎ",
    "import solutions",
    "from solutions.metrics import f",
    "%load_ext jaxtyping\nif True:\n    !ls\nfrom tms_lib import superposition",
]
SAYS_NOT = [
    "def superposition(W):\n    return W",
    "import tms_lib\nx = tms_lib.feature_norm",
    "from tms_lib import classify_features",
    "from tms_lib import *",
    "class A:\n    superposition = 1\nx = A.superposition",
    "import torch\nx = torch.superposition",
    "import tms_lib\nplot(tms_lib.feature_norm(W), label='superposition')",
    "import tms_lib\nx = tms_lib.feature_moments(W).superposition",
    "# from tms_lib import superposition",
    "'import solutions'",
    "from mysolutions import x",
    "def broken(:",
    "x = " + "(" * 10_000,
    "x = " + "-" * 50_000 + "1",
    "x" + ".y" * 30_000,
    "x" + ".superposition" * 4_000,
    "x" + "['superposition']" * 3_000,
    "\0",
]


@pytest.mark.parametrize("source", SAYS)
def test_a_cell_that_names_the_reference_is_found(source):
    assert says_reference(source, "superposition")


@pytest.mark.parametrize("source", SAYS_NOT)
def test_a_cell_that_names_something_else_is_not(source):
    assert not says_reference(source, "superposition")


def test_a_name_that_an_earlier_cell_gave_is_known():
    earlier = ["import tms_lib as t", "from tms_lib import metrics as m", "no Python"]
    aliases = set[str]().union(*map(library_aliases, earlier))
    assert aliases == {"t", "m"}
    assert says_reference("x = t.superposition", "superposition", aliases=aliases)
    assert says_reference("x = m.superposition", "superposition", aliases=aliases)
    assert not says_reference("x = t.superposition", "superposition")


CALLS = {
    "by its name": lambda W: superposition(W),
    "by an attribute": lambda W: tms_lib.superposition(W),
    "by a made-up name": lambda W: getattr(metrics, "super" + "position")(W),
    "itself": superposition,
    "partially": partial(superposition, W),
    "through torch": lambda W: torch.vmap(superposition)(W[None])[0],
    "through map": lambda W: next(map(superposition, [W])),
    "as an argument": lambda W, own=superposition: own(W),
    "by keyword": lambda W: superposition(W=W),
    "in the library's name": eval("lambda W: superposition(W)", metrics.__dict__),
}


@pytest.mark.parametrize("answer", CALLS.values(), ids=CALLS)
def test_a_call_is_refused_whatever_name_it_goes_by(answer):
    local = LocalAnswer(
        "superposition", {"superposition": answer}, seconds=5, reference=superposition
    )
    arguments = call() if isinstance(answer, partial) else call(W)
    with pytest.raises(BorrowedError):
        local.outcome(arguments)
    assert superposition(W).shape == (3,)  # afterwards it is what it was


def test_a_cell_of_empty_lines_is_looked_at_in_no_time():
    started = time.perf_counter()
    assert not says_reference("\n" * 60_000, "superposition")
    assert time.perf_counter() - started < 5  # with n^2 steps, half a minute


@pytest.mark.parametrize("name", ["universal_attack", "gradient_attack"])
def test_what_a_decorator_wraps_is_withheld_too(name):
    reference: Any = find(name).reference
    with withheld(reference):
        caller = compile("lambda f: f()", adversarial.__file__, "eval")
        with pytest.raises(TypeError, match="missing"):  # the library itself may call it
            eval(caller, adversarial.__dict__)(reference)
    with pytest.raises(BorrowedError), withheld(reference):
        reference.__wrapped__()


def test_a_call_is_found_though_the_answer_hides_the_refusal():
    def answer(W):
        try:
            return superposition(W)
        except BaseException:
            return (W * 0).sum(-2)

    local = LocalAnswer("f", {"f": answer}, seconds=5, reference=superposition)
    with pytest.raises(BorrowedError):
        local.outcome(call(W))
    with pytest.raises(BorrowedError):
        local.mixes_devices(call(W))


def test_what_the_library_makes_of_it_stays_allowed():
    expected = classify_features(W)
    with withheld(superposition):
        assert torch.equal(classify_features(W), expected)
        assert torch.equal(tms_lib.feature_norm(W), torch.tensor([1.0, 1.0, 0.2]))
        assert classify_features(W, norm_threshold=2.0).tolist() == [0, 0, 0]


def test_defaults_and_errors_of_a_withheld_function_are_its_own():
    with withheld(classify_features):
        caller = compile("lambda f, W: f(W)", metrics.__file__, "eval")  # one in the library
        classified = eval(caller, metrics.__dict__)
        assert torch.equal(classified(classify_features, W), classify_features_before)
        with pytest.raises(ValueError, match="finite"):
            classified(superposition, W * torch.nan)


classify_features_before = classify_features(W)


@pytest.mark.parametrize("name", EXERCISES)
def test_every_reference_can_be_withheld(name):
    reference: Any = find(name).reference
    function = reference.__init__ if inspect.isclass(reference) else reference
    code = function.__code__
    with pytest.raises(BorrowedError), withheld(reference):
        reference()
    assert function.__code__ is code


SIZES = {"n_instances": 2, "n_features": 4, "n_hidden": 3, "generator": torch.Generator()}


class FromTheLibrary(tms_lib.ReLUOutputModel):
    """An answer of one line."""


class WithinItself(torch.nn.Module):
    """An answer that has the library's model do its work."""

    def __init__(self, **sizes):
        super().__init__()
        self.model = getattr(tms_lib, "ReLU" + "OutputModel")(**sizes)


class ForwardOnly(torch.nn.Module):
    """An answer that borrows the method alone."""

    def __init__(self, **sizes):
        super().__init__()
        self.W = torch.nn.Parameter(tms_lib.init_weights(**sizes))
        self.b = torch.nn.Parameter(torch.zeros(sizes["n_instances"], sizes["n_features"]))

    forward = vars(tms_lib.ReLUOutputModel)["forward"]


@pytest.mark.parametrize("answer", [FromTheLibrary, WithinItself, ForwardOnly])
def test_a_class_is_withheld_with_its_methods(answer):
    reference = tms_lib.ReLUOutputModel
    local = LocalAnswer("f", {"f": answer}, seconds=5, reference=reference)
    with pytest.raises(BorrowedError):
        local.outcome(call(**SIZES).then(calls("", torch.ones(2, 1, 4))))
    assert reference(**SIZES)(torch.ones(2, 1, 4)).shape == (2, 1, 4)  # it is what it was


def test_a_class_that_a_notebook_makes_anew_is_withheld_too(monkeypatch):
    fresh = importlib.util.module_from_spec(models.__spec__)
    models.__spec__.loader.exec_module(fresh)
    monkeypatch.setattr(sys.modules["__main__"], "fresh", fresh, raising=False)
    with pytest.raises(BorrowedError), withheld(tms_lib.ReLUOutputModel):
        fresh.ReLUOutputModel(**SIZES)


def test_a_class_that_inherits_from_one_made_anew_is_withheld_too(monkeypatch):
    fresh = importlib.util.module_from_spec(models.__spec__)
    models.__spec__.loader.exec_module(fresh)
    heir = type("Heir", (fresh.ReLUOutputModel,), {})  # nothing else names what it inherits from
    monkeypatch.setattr(sys.modules["__main__"], "heir", heir, raising=False)
    with pytest.raises(BorrowedError), withheld(tms_lib.ReLUOutputModel):
        heir(**SIZES)
    assert heir(**SIZES)(torch.ones(2, 1, 4)).shape == (2, 1, 4)


def test_what_only_says_that_it_is_a_class_is_none(monkeypatch):
    def of_a_class(_self):
        raise ValueError

    says = type("Says", (), {"__class__": property(of_a_class)})()
    monkeypatch.setattr(sys.modules["__main__"], "says", says, raising=False)
    with withheld(tms_lib.ReLUOutputModel):
        assert torch.equal(classify_features(W), classify_features_before)


def test_what_the_library_trains_with_a_withheld_class_stays_allowed():
    sizes = {"n_hidden": 1, "n_steps": 2, "batch_size": 4, "lr": 0.1}
    with withheld(tms_lib.ReLUOutputModel):
        W, _, losses = tms_lib.train_relu_output(
            torch.ones(2, 3), importance=torch.ones(3), **sizes, generator=torch.Generator()
        )
        assert W.shape == (2, 1, 3)
        assert losses.isfinite().all()

        class Own(tms_lib.LinearModel):
            def forward(self, x):
                return torch.relu(super().forward(x))

        assert (Own(**SIZES)(torch.ones(2, 1, 4)) >= 0).all()


def test_an_answer_that_borrows_now_and_then_earns_nothing():
    def sometimes(W):
        own = (W.mT @ W) ** 2
        return superposition(W) if W.ndim > 2 else own.sum(-1) - own.diagonal(dim1=-2, dim2=-1)

    exercise = find("superposition")
    answer = LocalAnswer(exercise.name, {exercise.name: sometimes}, seconds=5)
    assert grade(exercise, answer, seed=0).points > 0
    answer = LocalAnswer(
        exercise.name, {exercise.name: sometimes}, seconds=5, reference=superposition
    )
    report = grade(exercise, answer, seed=0)
    assert report.points == 0
    assert str(report).count("earns nothing") == report.feedback.count("earns nothing") == 1


def test_students_are_told_at_their_own_desk(capsys):
    assert check("superposition", {"superposition": superposition}) == 0
    assert "Write it yourself" in capsys.readouterr().out
