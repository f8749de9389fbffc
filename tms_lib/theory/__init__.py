"""Closed forms for the toy models, derived on paper: what training should reach.

Nothing here uses the models, so that it can check them. Features are independent, 0 with
probability 1 - p_i and uniform on [0, 1] otherwise. The loss is the expectation of
sum_i I_i (x_i - x'_i)^2, without a factor 1/n. `feature_probability` and `importance` broadcast
against each other.
"""

from tms_lib.theory.linear import (
    LossTerms,
    learned_squared_norm,
    linear_expected_loss,
    linear_loss_terms,
    linear_optimal_bias,
    linear_optimal_loss,
    linear_optimum,
)
from tms_lib.theory.one_active import (
    SilencedOutput,
    interference_error,
    one_active_loss,
    one_active_terms,
    own_error,
    positive_interval,
    silenced_output,
)
from tms_lib.theory.pairs import PairLosses, pair_losses
from tms_lib.theory.phase_change import (
    Phase,
    antipodal_loss,
    dedicated_loss,
    ignored_loss,
    phase_losses,
    superposition_boundary,
    theoretical_phase,
)
from tms_lib.theory.phase_optimum import PhaseOptimum, classify_solution, phase_optimum
from tms_lib.theory.polygons import BestPolygon, best_polygon, regular_polygon
from tms_lib.theory.polytopes import (
    indivisible_polytope,
    polytope,
    polytope_dimensionality,
    tegum_product,
)
from tms_lib.theory.projections import (
    orthonormal_weights,
    principal_projection,
    row_space_projection,
)
from tms_lib.theory.relu_loss import both_active_error, expected_relu_loss, two_feature_loss
from tms_lib.theory.thomson import THOMSON_MINIMUM, thomson_energy, thomson_points

__all__ = [
    "THOMSON_MINIMUM",
    "BestPolygon",
    "LossTerms",
    "PairLosses",
    "Phase",
    "PhaseOptimum",
    "SilencedOutput",
    "antipodal_loss",
    "best_polygon",
    "both_active_error",
    "classify_solution",
    "dedicated_loss",
    "expected_relu_loss",
    "ignored_loss",
    "indivisible_polytope",
    "interference_error",
    "learned_squared_norm",
    "linear_expected_loss",
    "linear_loss_terms",
    "linear_optimal_bias",
    "linear_optimal_loss",
    "linear_optimum",
    "one_active_loss",
    "one_active_terms",
    "orthonormal_weights",
    "own_error",
    "pair_losses",
    "phase_losses",
    "phase_optimum",
    "polytope",
    "polytope_dimensionality",
    "positive_interval",
    "principal_projection",
    "regular_polygon",
    "row_space_projection",
    "silenced_output",
    "superposition_boundary",
    "tegum_product",
    "theoretical_phase",
    "thomson_energy",
    "thomson_points",
    "two_feature_loss",
]
