"""Says in one sentence how a value differs from the expected one.

Values are plain data (see `answer.plain`). Tensors must agree in shape and dtype, since
broadcasting would hide a wrong shape; then in value, within tolerances that follow from the dtype.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

# (relative, absolute): room for another order of summation, none for another formula or for
# a detour through float32 when the input was float64
_TOLERANCE = {torch.float32: (2e-4, 2e-5), torch.float64: (1e-8, 1e-10)}


def difference(
    got: Any, expected: Any, *, axes: str = "", tolerance: float | Tensor | None = None
) -> str | None:
    """How `got` differs from `expected`, or None if it does not.

    Args:
        got: The student's value.
        expected: The value that was needed.
        axes: Names of the axes, as in a jaxtyping annotation, to explain a wrong shape.
        tolerance: Largest absolute difference allowed; by default it follows from the dtype.
    """
    if isinstance(expected, tuple):
        return _tuple_difference(got, expected, axes=axes, tolerance=tolerance)
    if isinstance(expected, dict):
        return _dict_difference(got, expected, tolerance=tolerance)
    if isinstance(expected, Tensor):
        return form_difference(got, expected, axes=axes) or _value_difference(
            got, expected, tolerance
        )
    if isinstance(got, Tensor):
        return f"Got a tensor of shape {_shape(got)}; a {type(expected).__name__} was needed."
    if isinstance(expected, float) and type(got) in (int, float):
        exact = torch.tensor(expected, dtype=torch.float64)
        return _value_difference(torch.tensor(got, dtype=torch.float64), exact, None)
    return None if got == expected else f"Got {got!r}, expected {expected!r}."


def form_difference(got: Any, expected: Any, *, axes: str = "") -> str | None:
    """How `got` differs from `expected` in type, shape or dtype, or None."""
    if isinstance(expected, tuple):
        if not isinstance(got, tuple) or len(got) != len(expected):
            return f"{len(expected)} values were needed; got {_form(got)}"
        found = (form_difference(g, e) for g, e in zip(got, expected, strict=True))
        return next((text for text in found if text), None)
    if isinstance(expected, dict):
        return _dict_form_difference(got, expected)
    if not isinstance(expected, Tensor):
        return None
    if not isinstance(got, Tensor):
        return f"A torch.Tensor was needed; got {_form(got)}"
    if got.shape != expected.shape:
        named = f", axes {axes}" if axes else ""
        return f"The shape must be {_shape(expected)}{named}; got {_shape(got)}."
    if expected.is_floating_point():
        if got.dtype != expected.dtype:
            return f"The dtype must be {expected.dtype}; got {got.dtype}."
    elif (
        got.is_floating_point()
        or got.is_complex()
        or (got.dtype == torch.bool) != (expected.dtype == torch.bool)
    ):
        needed = "bool" if expected.dtype == torch.bool else "an integer type"
        return f"The dtype must be {needed}; got {got.dtype}."
    return None


def agrees(got: Any, expected: Any, *, tolerance: float | Tensor | None = None) -> bool:
    """Whether two values are the same; two NaNs are."""
    return difference(got, expected, tolerance=tolerance) is None


def _tuple_difference(
    got: Any, expected: Sequence[Any], *, axes: str, tolerance: float | Tensor | None
) -> str | None:
    form = form_difference(got, expected)
    if form:
        return form
    for position, (g, e) in enumerate(zip(got, expected, strict=True)):
        found = difference(g, e, axes=axes, tolerance=tolerance)
        if found:
            return f"Value {position + 1} of {len(expected)}: {found}"
    return None


def _dict_form_difference(got: Any, expected: Mapping[str, Any]) -> str | None:
    if not isinstance(got, dict) or set(got) != set(expected):
        came = f"{str(list(got))[:200]}." if isinstance(got, dict) else _form(got)
        return f"The names must be {list(expected)}; got {came}"
    found = ((key, form_difference(got[key], expected[key])) for key in expected)
    return next((f"{key}: {text}" for key, text in found if text), None)


def _dict_difference(
    got: Any, expected: Mapping[str, Any], *, tolerance: float | Tensor | None
) -> str | None:
    form = _dict_form_difference(got, expected)
    if form:
        return form
    found = ((key, difference(got[key], expected[key], tolerance=tolerance)) for key in expected)
    return next((f"{key}: {text}" for key, text in found if text), None)


def _value_difference(
    got: Tensor, expected: Tensor, tolerance: float | Tensor | None
) -> str | None:
    if tolerance is None:
        relative, absolute = _TOLERANCE.get(expected.dtype, (0.0, 0.0))
        size = expected.double().abs()
        tolerance = absolute + relative * size.where(size.isfinite(), 0.0)
    wrong = ~((got.double() - expected.double()).abs() <= torch.as_tensor(tolerance))
    if expected.is_floating_point():
        wrong &= ~(got == expected)  # equal infinities
        wrong &= ~(got.isnan() & expected.isnan())  # where NaN is the right value
    if not wrong.any():
        return None
    where = tuple(wrong.nonzero()[0].tolist()) if wrong.ndim else ()
    values = _numbers(got[where], expected[where])
    if wrong.ndim == 0:
        return f"Got {values[0]}, expected {values[1]}."
    return (
        f"At {list(where)}: got {values[0]}, expected {values[1]} "
        f"({int(wrong.sum())} of {wrong.numel()} entries differ)."
    )


def _numbers(got: Tensor, expected: Tensor) -> tuple[str, str]:
    """Both numbers, with as many digits as it takes to see that they differ."""
    if not got.is_floating_point():
        return str(got.item()), str(expected.item())
    for digits in (5, 9, 16):
        texts = f"{got.item():.{digits}g}", f"{expected.item():.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def _shape(value: Tensor) -> str:
    return str(tuple(value.shape))


def _form(value: Any) -> str:
    """What came instead, to end a sentence with."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {_shape(value)}."
    if value is None:
        return "None. Is there a `return`?"
    return f"{len(value)} values." if isinstance(value, tuple) else f"type {type(value).__name__}."
