"""All figures by name, in the order of the paper."""

from typing import Protocol

from tms_lib.figures.asymmetric import asymmetric_superposition
from tms_lib.figures.basic import five_features, linear_and_relu, linear_and_relu_large
from tms_lib.figures.computation import absolute_value, absolute_value_small
from tms_lib.figures.correlated import correlated_features
from tms_lib.figures.dynamics import energy_levels, octahedron
from tms_lib.figures.nonuniform import pentagon_or_digons
from tms_lib.figures.phases import phase_change, phase_change_in_two_dimensions
from tms_lib.figures.polytopes import polygons, polytopes
from tms_lib.figures.privileged_basis import privileged_basis
from tms_lib.figures.reproduction import Reproduction
from tms_lib.figures.uniform import adversarial_robustness, feature_geometry


class FigureMaker(Protocol):
    """Trains what a figure needs and draws it. The same seed gives the same figure."""

    def __call__(self, *, seed: int = 0) -> Reproduction: ...


FIGURES: dict[str, FigureMaker] = {
    "linear_and_relu": linear_and_relu,
    "linear_and_relu_large": linear_and_relu_large,
    "five_features": five_features,
    "polygons": polygons,
    "phase_change": phase_change,
    "phase_change_in_two_dimensions": phase_change_in_two_dimensions,
    "feature_geometry": feature_geometry,
    "polytopes": polytopes,
    "pentagon_or_digons": pentagon_or_digons,
    "correlated_features": correlated_features,
    "energy_levels": energy_levels,
    "octahedron": octahedron,
    "adversarial_robustness": adversarial_robustness,
    "privileged_basis": privileged_basis,
    "absolute_value_small": absolute_value_small,
    "absolute_value": absolute_value,
    "asymmetric_superposition": asymmetric_superposition,
}
