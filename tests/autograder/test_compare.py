import pytest
import torch

from autograder.compare import agrees, difference, form_difference


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0 + 1e-6])),
        (torch.tensor([1, 2]), torch.tensor([1, 2], dtype=torch.int32)),
        (torch.tensor([float("inf")]), torch.tensor([float("inf")])),
        (torch.tensor([float("nan"), 1.0]), torch.tensor([float("nan"), 1.0])),
        (2.0, 2.0 + 1e-12),
        (3, 3),
        (3, 3.0),
        ((torch.ones(2), 1.0), (torch.ones(2), 1.0)),
        ({"b": torch.ones(2), "a": 1}, {"a": 1, "b": torch.ones(2)}),
    ],
)
def test_equal_values_have_no_difference(got, expected):
    assert difference(got, expected) is None


@pytest.mark.parametrize(
    ("got", "expected", "told"),
    [
        (torch.ones(1), torch.ones(32), r"shape must be \(32,\)"),
        (torch.ones(2, 1), torch.ones(2, 2), r"got \(2, 1\)"),
        (torch.ones(2), torch.ones(2, dtype=torch.float64), "must be torch.float64"),
        (torch.ones(2), torch.ones(2, dtype=torch.int64), "integer"),
        (torch.ones(2, dtype=torch.bool), torch.ones(2, dtype=torch.int64), "integer"),
        (torch.tensor([1 + 5j]), torch.tensor([1]), "integer"),
        (torch.tensor([1 + 5j]), torch.tensor([True]), "must be bool"),
        (torch.tensor([1.0, 5.0]), torch.tensor([1.0, 2.0]), r"At \[1\]: got 5, expected 2"),
        (torch.tensor([1.0, float("nan")]), torch.tensor([1.0, 2.0]), "got nan"),
        (torch.tensor([1.0, 2.0]), torch.tensor([1.0, float("nan")]), "got 2, expected nan"),
        (torch.tensor([2.0]), torch.tensor([float("inf")]), "got 2, expected inf"),
        (torch.tensor([float("-inf")]), torch.tensor([float("inf")]), "got -inf, expected inf"),
        (torch.tensor(5.0), torch.tensor(2.0), "Got 5, expected 2"),
        (1.0, torch.ones(1), "Tensor was needed; got type float"),
        (None, torch.ones(1), "got None. Is there a `return`?"),
        (torch.ones(1), 1.0, "a float was needed"),
        (1.5, 1.0, "Got 1.5, expected 1"),
        ((1.0,), (1.0, 2.0), "2 values were needed"),
        ((1.0, 3.0), (1.0, 2.0), "Value 2 of 2"),
        ({"a": 1}, {"a": 1, "b": 2}, r"names must be \['a', 'b'\]; got \['a'\]"),
        (None, {"a": 1}, "got None"),
        ({"a": torch.ones(3)}, {"a": torch.ones(2)}, r"a: The shape must be \(2,\)"),
        ({"a": torch.ones(2)}, {"a": torch.zeros(2)}, r"a: At \[0\]: got 1, expected 0"),
    ],
)
def test_difference_is_told(got, expected, told):
    with pytest.raises(AssertionError, match=told):
        raise AssertionError(difference(got, expected))


def test_numbers_have_enough_digits_to_differ():
    got, expected = torch.tensor([1.0 + 1e-7]).double(), torch.tensor([1.0]).double()
    text = difference(got, expected)
    assert text is not None
    assert "1.00000012" in text


def test_a_wrong_shape_is_told_with_its_axes():
    text = form_difference(torch.ones(3), torch.ones(2, 3), axes="*instances features")
    assert text is not None
    assert "*instances features" in text


def test_two_nans_agree_but_nan_and_a_number_do_not():
    nan = torch.tensor([float("nan"), 1.0])
    assert agrees(nan, nan)
    assert not agrees(nan, torch.tensor([0.0, 1.0]))


def test_tolerance_may_differ_per_entry():
    tolerance = torch.tensor([0.1, 0.5])
    assert difference(torch.tensor([1.0, 1.4]), torch.ones(2), tolerance=tolerance) is None
    assert difference(torch.tensor([1.4, 1.0]), torch.ones(2), tolerance=tolerance) is not None


def test_names_that_an_answer_gives_cannot_pass_for_lines_of_a_report():
    told = difference({"x\n  ✓ all is well": 1, "y" * 10**6: 2}, {"a": 1})
    assert told is not None
    assert "\n" not in told
    assert len(told) < 300
