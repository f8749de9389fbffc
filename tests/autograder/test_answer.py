import contextlib
import time

import pytest
import torch

from autograder.answer import AnswerError, LocalAnswer, OutOfTimeError, call, plain


def local(function, *, seconds=5.0):
    return LocalAnswer("answer", {"answer": function}, seconds=seconds)


@pytest.mark.parametrize("value", [True, 3, 2.5, "text", None])
def test_plain_keeps_numbers_and_strings(value):
    assert plain(value) is value


def test_plain_turns_sequences_into_tuples_and_detaches():
    tensor = torch.ones(2, requires_grad=True)
    got = plain([tensor, {"a": (1, tensor)}])
    assert isinstance(got, tuple)
    assert not got[0].requires_grad
    assert got[1]["a"][0] == 1


class Shouting(float):
    """A number that could print or compare as it likes."""


class LabelledTensor(torch.Tensor):
    """A tensor that could compare as it likes."""


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Shouting(3.0), "Shouting"),
        (LabelledTensor(torch.ones(2)), "LabelledTensor"),
        (torch.ones(2).numpy(), r"torch\.from_numpy"),
        (torch.ones(2).numpy()[0], r"\.item\(\)"),
        (object(), "builtins.object"),
        ([1, {2}], "builtins.set"),
    ],
)
def test_plain_refuses_everything_else_and_names_it(value, told):
    with pytest.raises(AnswerError, match=told):
        plain(value)


def test_a_call_gets_copies_and_says_which_were_changed():
    x, y = torch.zeros(3), torch.zeros(3)

    def answer(x, *, y):
        y += 1
        return x + y

    arguments = call(x, y=y)
    outcome = local(answer).outcome(arguments)
    assert arguments.changed(outcome.after) == ("y",)
    assert torch.equal(y, torch.zeros(3))
    assert torch.equal(outcome.value, torch.ones(3))


def test_every_call_gets_the_generator_in_the_same_state():
    generator = torch.Generator().manual_seed(1)
    answer = local(lambda generator: torch.rand(3, generator=generator))
    first, second = (answer.outcome(call(generator=generator)).value for _ in range(2))
    assert torch.equal(first, second)


def test_the_global_seed_differs_between_calls_and_is_restored_afterwards():
    answer = local(lambda: torch.rand(3))
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second = (answer.outcome(call()).value for _ in range(2))
    assert not torch.equal(first, second)
    assert torch.equal(torch.rand(3), expected)


def test_gradients_are_with_respect_to_the_named_arguments():
    outcome = local(lambda x, *, b: 3 * x + b**2).outcome(
        call(torch.tensor([1.0]), b=torch.tensor([2.0])), wrt=[0, "b"]
    )
    # one output entry: its weight is the ramp's start, 0.5
    assert outcome.gradients[0].item() == pytest.approx(0.5 * 3)
    assert outcome.gradients["b"].item() == pytest.approx(0.5 * 2 * 2)


def test_an_argument_that_plays_no_role_has_gradient_zero():
    gradients = local(lambda x, y: 2 * x).outcome(  # noqa: ARG005  (the reference's signature)
        call(torch.ones(2), torch.ones(2)), wrt=[0, 1]
    )
    assert torch.equal(gradients.gradients[1], torch.zeros(2))


def test_an_exception_is_told_in_one_line_with_the_students_line():
    source = "def answer(x):\n    y = x\n    return y.nonsense\n"
    namespace: dict[str, object] = {}
    exec(compile(source, "<cell>", "exec"), namespace)
    with pytest.raises(AnswerError, match=r"raised AttributeError: .*nonsense"):
        LocalAnswer("answer", namespace, seconds=1).outcome(call(torch.ones(1)))


def test_an_endless_loop_is_stopped_even_if_it_catches_exceptions():
    def answer():
        while True:
            with contextlib.suppress(Exception):
                time.sleep(0.01)

    started = time.monotonic()
    with pytest.raises(OutOfTimeError, match="endless loop"):
        local(answer, seconds=0.2).outcome(call())
    assert time.monotonic() - started < 2


def test_time_is_shared_by_all_calls():
    answer = local(lambda: time.sleep(0.15), seconds=0.2)
    answer.outcome(call())
    with pytest.raises(OutOfTimeError):
        answer.outcome(call())


def test_output_of_the_answer_is_kept_apart(capsys):
    answer = local(lambda: print("hello"))
    answer.outcome(call())
    assert answer.printed.getvalue() == "hello\n"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("function", "mixes"),
    [
        (lambda x: x * torch.eye(3), True),
        (lambda x: x * torch.eye(3, device=x.device), False),
        (lambda x: x * torch.ones_like(x), False),
        (lambda x: torch.where(x > 0, x, torch.tensor(0.0)), False),  # a 0-d tensor may mix
        (lambda x: x[torch.arange(3)], False),  # so may an index
        (lambda x: torch.zeros(x.shape), True),
        (lambda x: x + torch.ones(3) if x.sum() > 0 else x, False),  # nobody can tell
    ],
)
def test_sees_tensors_on_the_default_device(function, mixes):
    assert local(function).mixes_devices(call(torch.ones(3, 3))) is mixes


def looped():
    items: list[object] = []
    items.append(items)
    return items


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda: (yield 1), "builtins.generator"),
        (looped, "contains itself"),
        (lambda: torch.zeros(1).expand(10**9, 10**9), "too large"),
        (lambda: torch.eye(3).to_sparse(), "sparse"),
        (lambda: torch.ones(2, device="meta"), "on meta"),
        (lambda: torch.empty(10**15), "raised"),
        (lambda: exit(1), "raised SystemExit"),
        (lambda: pytest.exit("enough"), "raised Exit"),
        (lambda: pytest.skip("later"), "raised Skipped"),
    ],
)
def test_odd_results_and_exits_are_told_in_a_sentence(function, told):
    with pytest.raises(AnswerError, match=told) as raised:
        local(function).outcome(call())
    assert len(str(raised.value)) < 300


def test_endless_recursion_is_told_in_a_sentence():
    def answer():
        return answer()

    with pytest.raises(AnswerError, match="RecursionError"):
        local(answer).outcome(call())


def test_an_answer_cannot_leave_torchs_defaults_changed():
    def answer():
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        torch.set_grad_enabled(False)
        return 1

    local(answer).outcome(call())
    assert torch.ones(1, requires_grad=True).mul(2).requires_grad
    assert torch.ones(1).dtype == torch.float32
    assert torch.ones(1).device.type == "cpu"


def test_says_whether_the_value_is_in_the_graph_and_the_generator_was_drawn_from():
    def answer(x, *, generator):
        return x + torch.rand(2, generator=generator), 1

    generator = torch.Generator()
    arguments = call(torch.ones(2, requires_grad=True), generator=generator)
    outcome = local(answer).outcome(arguments)
    assert not outcome.in_graph  # arguments come without a graph
    assert arguments.drawn(outcome.after)
    arguments = call(generator)
    outcome = local(lambda generator: torch.ones(1, requires_grad=True)).outcome(arguments)  # noqa: ARG005  (the reference's signature)
    assert outcome.in_graph
    assert not arguments.drawn(outcome.after)
