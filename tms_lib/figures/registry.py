"""All figures by name, in the order of the paper."""

from typing import Protocol

from tms_lib.figures.basic import five_features, linear_and_relu, linear_and_relu_large
from tms_lib.figures.computation import absolute_value_small
from tms_lib.figures.polytopes import polygons, polytopes
from tms_lib.figures.reproduction import Reproduction


class FigureMaker(Protocol):
    """Trains what a figure needs and draws it. The same seed gives the same figure."""

    def __call__(self, *, seed: int = 0) -> Reproduction: ...


FIGURES: dict[str, FigureMaker] = {
    "linear_and_relu": linear_and_relu,
    "linear_and_relu_large": linear_and_relu_large,
    "five_features": five_features,
    "polygons": polygons,
    "polytopes": polytopes,
    "absolute_value_small": absolute_value_small,
}
