"""Answers that run in a process of their own give the outcomes that they give here."""

import time

import pytest
import torch
from torch.testing import assert_close

import tms_lib
from autograder.answer import LocalAnswer, call
from autograder.checks import grade
from autograder.exercises import EXERCISES, find
from autograder.handles import calls, gets, sets
from autograder.problems import (
    AnswerError,
    BorrowedError,
    GradientError,
    LostError,
    NotWrittenError,
    OutOfTimeError,
    RaisedError,
)
from autograder.remote import RemoteAnswer, Session
from autograder.sandbox import Limits
from autograder.workers import Workers


@pytest.fixture(scope="module")
def workers():
    limits = Limits(seconds_per_cell=1.0, memory=2**29)
    with Workers(isolation="process", limits=limits) as started:
        yield started


@pytest.fixture
def session(workers):
    opened = Session(workers)
    assert opened.run_cell("import torch") is None
    yield opened
    opened.close()


def answer(session, source, *, seconds=5.0):
    assert session.run_cell(source) is None
    return RemoteAnswer("answer", session, seconds=seconds)


SOURCES = [
    "def answer(x, *, y):\n    y += 1\n    return x + y",
    "def answer(x, *, y):\n    return [x, {'a': (1, y)}, None, 2.5]",
    "def answer(x, *, y):\n    return x * torch.eye(2)",
    "def answer(x, *, y):\n    print('x' * 10**7)\n    return x",
]


@pytest.mark.parametrize("source", SOURCES)
def test_an_outcome_is_the_one_of_a_local_answer(session, source):
    namespace = {"torch": torch}
    exec(source, namespace)
    arguments = call(torch.ones(2, 2), y=torch.full((2, 2), 2.0))
    near = LocalAnswer("answer", namespace, seconds=5)
    far = answer(session, source)
    got, expected = far.outcome(arguments), near.outcome(arguments)
    assert arguments.changed(got.after) == arguments.changed(expected.after)
    assert got.in_graph == expected.in_graph
    assert_close(got.value, expected.value)
    assert far.mixes_devices(arguments) == near.mixes_devices(arguments)


def test_gradients_come_with_the_outcome(session):
    far = answer(session, "def answer(x, *, b):\n    return 3 * x + b ** 2")
    outcome = far.outcome(call(torch.tensor([1.0]), b=torch.tensor([2.0])), wrt=[0, "b"])
    # one output entry: its weight is the ramp's start, 0.5
    assert_close(outcome.gradients[0], torch.tensor([1.5]))
    assert_close(outcome.gradients["b"], torch.tensor([2.0]))


def test_a_generator_arrives_in_its_state(session):
    generator = torch.Generator().manual_seed(5)
    far = answer(session, "def answer(generator):\n    return torch.rand(3, generator=generator)")
    outcome = far.outcome(call(generator))
    assert call(generator).drawn(outcome.after)
    assert_close(outcome.value, torch.rand(3, generator=generator))


@pytest.mark.parametrize(
    ("source", "problem", "told"),
    [
        ("", NotWrittenError, "not defined"),
        ("def answer(x):\n    raise NotImplementedError()", NotWrittenError, "Not written"),
        ("def answer(x):\n    return {1}", AnswerError, "builtins.set"),
        ("def answer(x):\n    return x.detach()", GradientError, "No gradient"),
        (
            "def answer(x):\n    y = 1\n    return 1 / 0",
            RaisedError,
            "line 3 of the cell: return 1",
        ),
        ("def answer(x):\n    while True: pass", OutOfTimeError, "endless loop"),
        ("def answer(x):\n    return 'x' * 2**21", AnswerError, "too large"),
        ("def answer(x):\n    return torch.zeros(2**25)", AnswerError, "too large"),
        ("def answer(x):\n    return bytearray(2**30)", RaisedError, "MemoryError"),
        ("import os\ndef answer(x):\n    os._exit(0)", LostError, r"exit\(\)"),
        ("import ctypes\ndef answer(x):\n    ctypes.string_at(0)", LostError, "segmentation fault"),
        (
            "import signal\ndef answer(x):\n"
            "    signal.signal(signal.SIGALRM, signal.SIG_IGN)\n    while True: pass",
            LostError,
            "could not be interrupted",
        ),
    ],
)
def test_a_problem_is_told_and_the_rest_goes_on(session, source, problem, told):
    assert session.run_cell("def right(x):\n    return x") is None
    far = answer(session, source, seconds=0.5)
    with pytest.raises(problem, match=told):
        far.outcome(call(torch.ones(1)), wrt=[0] if problem is GradientError else [])
    right = RemoteAnswer("right", session, seconds=5)
    assert_close(right.outcome(call(torch.ones(1))).value, torch.ones(1))


def test_a_line_is_quoted_from_the_graders_own_copy(session):
    far = answer(
        session,
        "import linecache\n"
        "def answer(x):\n"
        "    linecache.getline = lambda *_: 'secret'\n"
        "    return 1 / 0\n",
    )
    with pytest.raises(RaisedError) as raised:
        far.outcome(call(torch.ones(1)))
    assert "return 1 / 0" in raised.value.public
    assert "secret" not in raised.value.public


@pytest.mark.parametrize("before", ["", "\n", "  \n\n# A comment.\n"])
def test_the_line_is_the_one_that_raised_whatever_stands_before_it(session, before):
    far = answer(session, f"{before}def answer(x):\n    y = 1\n    return y / 0\n")
    with pytest.raises(RaisedError) as raised:
        far.outcome(call(torch.ones(1)))
    assert raised.value.line == "return y / 0"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("1 / 0", RaisedError),
        ("def", RaisedError),
        ("while True: pass", OutOfTimeError),
        ("import os; os._exit(1)", LostError),
        ("exit()", RaisedError),
    ],
)
def test_a_cell_that_fails_costs_no_other(session, source, problem):
    session.run_cell("before = 1")
    failed = session.run_cell(source)
    assert isinstance(failed, problem)
    assert session.run_cell("def answer():\n    return before") is None
    assert RemoteAnswer("answer", session, seconds=5).outcome(call()).value == 1


def test_notebooks_start_alike_and_share_nothing(workers):
    values = []
    for _ in range(2):
        session = Session(workers)
        session.run_cell("import random, torch\nseen = 'other' in dir(torch)\ntorch.other = 1")
        session.run_cell("def answer():\n    return seen, random.random(), float(torch.rand(()))")
        values.append(RemoteAnswer("answer", session, seconds=5).outcome(call()).value)
        session.close()
    assert values[0] == values[1]
    assert values[0][0] is False


def test_check_is_there_and_does_nothing(session):
    assert session.run_cell("from autograder import check\nassert check('density') == 0") is None


def test_magics_work(session):
    source = "%load_ext jaxtyping\n%jaxtyping.typechecker beartype.beartype"
    assert session.run_cell(source) is None
    far = answer(
        session,
        "from jaxtyping import Float\n"
        "def answer(x: Float[torch.Tensor, 'n']) -> Float[torch.Tensor, 'n']:\n"
        "    return x.sum()",
    )
    with pytest.raises(RaisedError) as raised:
        far.outcome(call(torch.ones(2)))
    assert raised.value.value == (torch.tensor(2.0),)
    assert "annotated shapes" in raised.value.public


FORGERIES = [
    "b'nonsense'",
    "struct.pack('>II', 2, 0) + b'{}'",
    "struct.pack('>II', 2**31, 0)",
    "frame({'id': identity})",
    "frame({'id': identity, 'problem': 3})",
    "frame({'id': identity, 'problem': {'type': [], 'message': 'm', 'value': []}})",
    "frame({'id': identity, 'problem': {'type': 'LostError', 'message': 'm', 'value': []}})",
    "frame({'id': identity, 'value': {'tensor': ['int8', [9]]}, 'after': [], 'gradients': []})",
    "frame({'id': identity, 'value': 1, 'after': [], 'gradients': []})",
    "frame({'id': identity, 'value': 1, 'after': [[0, 1]], 'gradients': []})",
    "frame({'id': identity, 'value': 1, 'after': [[1, 1]], 'gradients': [[0, 1]]})",
    "frame({'id': 'earlier', 'value': 1, 'after': [], 'gradients': []})",
]


@pytest.mark.parametrize("forged", FORGERIES)
def test_a_forged_reply_is_a_failed_check(session, forged):
    # the answer looks for the request in the worker's own frames, and replies in its place
    far = answer(
        session,
        "import inspect, json, os, struct\n"
        "def frame(header):\n"
        "    text = json.dumps(header).encode()\n"
        "    return struct.pack('>II', len(text), 0) + text\n"
        "def answer(x):\n"
        "    frames = [f.frame for f in inspect.stack()]\n"
        "    identity = [f.f_locals['header']['id'] for f in frames if 'header' in f.f_locals][0]\n"
        f"    os.write(3, {forged})\n"
        "    return x",
    )
    with pytest.raises(AnswerError):
        far.outcome(call(torch.ones(1)))
    assert session.run_cell("def right():\n    return 1") is None
    assert RemoteAnswer("right", session, seconds=5).outcome(call()).value == 1


def test_the_time_for_the_notebook_ends(monkeypatch):
    limits = Limits(seconds_per_cell=5.0, seconds_per_notebook=0.6)
    with Workers(isolation="process", limits=limits) as workers:
        session = Session(workers)
        started = time.monotonic()
        problem = session.run_cell("import time; time.sleep(4)")
        assert "the whole notebook" in str(problem)
        assert time.monotonic() - started < 3
        # a notebook can have any number of further cells, and each would take a worker
        monkeypatch.setattr(workers, "start", lambda: pytest.fail("a worker for no time"))
        assert "the whole notebook" in str(session.run_cell("1"))
        with pytest.raises(LostError, match="the whole notebook"):
            RemoteAnswer("answer", session, seconds=5).outcome(call())
        session.close()


SOURCE_OF_A_MODEL = """
class answer(torch.nn.Module):
    def __init__(self, config, generator=None):
        super().__init__()
        self.lr = config.lr
        self.W = torch.nn.Parameter(torch.rand(2, 3, generator=generator))

    def forward(self, x):
        return x @ self.W.mT

    def scaled(self, by):
        return lambda x: by * self(x)
"""


def test_a_class_is_used_as_in_the_students_kernel(session):
    namespace = {"torch": torch}
    exec(SOURCE_OF_A_MODEL, namespace)
    near, far = LocalAnswer("answer", namespace, seconds=5), answer(session, SOURCE_OF_A_MODEL)
    config = tms_lib.TrainConfig(lr=0.5)
    x, W = torch.arange(3.0), torch.arange(6.0).reshape(2, 3)
    made = call(config, generator=torch.Generator().manual_seed(3))
    use = made.then(gets("lr"), calls("state_dict"), sets("W", W), calls("", x), gets("W"))
    got, expected = far.outcome(use, wrt=[".W"]), near.outcome(use, wrt=[".W"])
    assert_close(got.value, expected.value)
    assert_close(got.gradients, expected.gradients)
    assert got.value["object.lr"] == 0.5
    assert_close(got.value["object(tensor of shape (3,))"], W @ x)
    assert arguments_left(use, got)
    for missing in (gets("V"), calls("backward"), sets("W", x), calls("scaled", 2)):
        with pytest.raises(AnswerError) as there:
            far.outcome(made.then(missing))
        with pytest.raises(AnswerError) as here:
            near.outcome(made.then(missing))
        assert str(there.value) == str(here.value)


def arguments_left(use, outcome):
    return not use.changed(outcome.after) and use.drawn(outcome.after)


@pytest.mark.parametrize(
    "name", [*list(EXERCISES)[:3], "superposition", "gradient_step", "ReLUOutputModel"]
)
def test_reports_are_the_same_as_in_the_students_kernel(session, name):
    exercise = find(name)
    session.run_cell(f"import tms_lib\n{name} = tms_lib.{name}")
    far = grade(exercise, RemoteAnswer(name, session, seconds=30), seed=1)
    near = LocalAnswer(name, {name: exercise.reference}, seconds=30)
    assert str(far) == str(grade(exercise, near, seed=1))
    assert far.points == exercise.points


def test_a_reference_is_withheld_from_its_own_exercise_only(session):
    session.run_cell("import tms_lib\ndef answer(W):\n    return tms_lib.gram(W)")
    own = RemoteAnswer("answer", session, seconds=5, reference=find("gram").reference)
    with pytest.raises(BorrowedError) as raised:
        own.outcome(call(torch.eye(2)))
    assert "Write it yourself" in raised.value.public
    session.run_cell("other = answer")
    other = RemoteAnswer("other", session, seconds=5, reference=find("embed").reference)
    assert_close(other.outcome(call(torch.eye(2))).value, torch.eye(2))


LATER = """
import tms_lib
class Later(tuple):
    def __iter__(self):
        return iter(self.read())
def answer(W):
    later = Later()
    later.read = lambda: (READ,)
    return later
"""
# the value is right, and the library's function is called when it is differentiated
BACKWARD = """
import tms_lib
class Gram(torch.autograd.Function):
    @staticmethod
    def forward(context, W):
        context.save_for_backward(W)
        return W.mT @ W
    @staticmethod
    def backward(context, gradient):
        (W,) = context.saved_tensors
        with torch.enable_grad():
            copy = W.detach().requires_grad_()
            return torch.autograd.grad(tms_lib.gram(copy), copy, gradient)[0]
answer = Gram.apply
"""


@pytest.mark.parametrize("source", [LATER.replace("READ", "tms_lib.gram(W)"), BACKWARD])
def test_a_reference_is_withheld_until_the_outcome_is_read(session, source):
    assert session.run_cell(source) is None
    far = RemoteAnswer("answer", session, seconds=5, reference=find("gram").reference)
    with pytest.raises(BorrowedError):
        far.outcome(call(torch.eye(2)), wrt=[0])


def test_a_result_that_raises_when_it_is_read_is_the_answers_problem(session):
    far = answer(session, LATER.replace("READ", "1 / 0"))
    with pytest.raises(RaisedError, match="ZeroDivisionError") as raised:
        far.outcome(call(torch.eye(2)))
    assert "later.read = " in raised.value.line


def test_the_time_of_other_cells_is_not_the_answers(session):
    assert session.run_cell("import os, time\ntime.sleep(0.7)") is None
    assert session.run_cell("def ends():\n    os._exit(1)\ndef answer():\n    return 1") is None
    with pytest.raises(LostError):
        RemoteAnswer("ends", session, seconds=5).outcome(call())
    far = RemoteAnswer("answer", session, seconds=0.5)  # a new worker runs the cells again
    assert [far.outcome(call()).value for _ in range(2)] == [1, 1]
