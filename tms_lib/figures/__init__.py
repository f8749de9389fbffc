"""The figures of the paper, each trained from scratch with the paper's parameters.

A function per figure returns the picture together with the claims that it supports, each with
the numbers measured. `FIGURES` has all of them by name.

Source: Elhage et al. (2022), "Toy Models of Superposition".
"""

from tms_lib.figures.asymmetric import asymmetric_superposition
from tms_lib.figures.basic import five_features, linear_and_relu, linear_and_relu_large
from tms_lib.figures.computation import absolute_value, absolute_value_small
from tms_lib.figures.correlated import correlated_features
from tms_lib.figures.dynamics import energy_levels, octahedron
from tms_lib.figures.nonuniform import pentagon_or_digons
from tms_lib.figures.phases import phase_change, phase_change_in_two_dimensions
from tms_lib.figures.polytopes import polygons, polytopes
from tms_lib.figures.privileged_basis import privileged_basis
from tms_lib.figures.registry import FIGURES, FigureMaker
from tms_lib.figures.reproduction import Claim, Reproduction
from tms_lib.figures.uniform import adversarial_robustness, feature_geometry

__all__ = [
    "FIGURES",
    "Claim",
    "FigureMaker",
    "Reproduction",
    "absolute_value",
    "absolute_value_small",
    "adversarial_robustness",
    "asymmetric_superposition",
    "correlated_features",
    "energy_levels",
    "feature_geometry",
    "five_features",
    "linear_and_relu",
    "linear_and_relu_large",
    "octahedron",
    "pentagon_or_digons",
    "phase_change",
    "phase_change_in_two_dimensions",
    "polygons",
    "polytopes",
    "privileged_basis",
]
