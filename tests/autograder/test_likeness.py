import pytest

from autograder.likeness import alike

ORIGINAL = '''
def superposition(W):
    """How much others project onto each direction."""
    W_hat = F.normalize(W, dim=-2)
    overlap = torch.einsum("...hi,...hj->...ij", W_hat, W) ** 2
    return (overlap * not_self(overlap)).sum(-1)
'''
RENAMED = """
# all my own work
def superposition(weights: Float[Tensor, "hidden features"]) -> Tensor:
    unit = F.normalize( weights, dim = -2 )

    o = ( torch.einsum('...hi,...hj->...ij', unit, weights) )**2
    return (o*not_self(o)).sum(-1)
"""


def likenesses(*sources, handed_out="", code=True):
    answers = {f"student {k}": {"answer": source} for k, source in enumerate(sources)}
    return alike(answers, handed_out={"answer": handed_out}, code={"answer"} if code else set())


def test_formatting_names_comments_and_annotations_make_no_difference():
    (likeness,) = likenesses(ORIGINAL, "def superposition(W):\n    return 1", RENAMED)
    assert likeness.students == ("student 0", "student 2")
    assert likeness.cell == "answer"


@pytest.mark.parametrize(
    "other",
    [
        ORIGINAL.replace("-2", "-1"),
        ORIGINAL.replace("F.normalize", "F.softmax"),
        ORIGINAL.replace("W_hat, W)", "W, W_hat)"),  # the same names in other places
        ORIGINAL.replace("not_self", "only_self"),  # a name that the cell does not make
        ORIGINAL.replace("sum(-1)", "sum(dim=-1)"),
    ],
)
def test_another_answer_is_another(other):
    assert likenesses(ORIGINAL, other) == []


def test_helpers_may_be_renamed_with_their_arguments():
    helper = "def {0}(x, {1}=1):\n    return x * {1}\n\ndef answer(y):\n    return {0}(y, {1}=2)"
    assert likenesses(helper.format("scaled", "by"), helper.format("times", "factor"))
    assert not likenesses(helper.format("scaled", "by"), helper.replace("{1}=2", "{1}=3"))


def test_a_stub_is_no_answer():
    stub = "def gram(W):\n    raise NotImplementedError()"
    assert likenesses(stub, stub.replace("W", "V"), handed_out=stub) == []
    assert likenesses("*Your answer here.*", "", handed_out="*Your answer here.*", code=False) == []


def test_code_that_is_no_python_is_compared_as_text():
    (likeness,) = likenesses("def f(:\n  return", "def f(:\n\n return", "def g(:\n return")
    assert likeness.students == ("student 0", "student 1")
    assert likenesses("(" * 5000, "-" * 10**5 + "1") == []


def test_magics_are_no_obstacle():
    assert likenesses("%matplotlib inline\na = 1", "%matplotlib inline\nb = 1  # mine")


def test_texts_are_compared_without_spaces_and_case():
    (likeness,) = likenesses("The bias\nis negative.", "the bias is  Negative.", "No.", code=False)
    assert likeness.students == ("student 0", "student 1")
    assert likeness.size == 4


def test_the_largest_comes_first():
    answers = {name: {"a": "x = 1", "b": ORIGINAL} for name in ("ada", "ben")}
    assert [found.cell for found in alike(answers, handed_out={}, code={"a", "b"})] == ["b", "a"]
