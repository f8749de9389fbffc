"""Pictures of toy models. Each function draws arrays on one Axes and returns it.

They can be read in greyscale and by colour-blind readers: colours differ in lightness, lines
also in marker or dash, and where dark stands for both signs, a minus marks the negative one.
"""

from tms_lib.plots.counts import plot_active_counts
from tms_lib.plots.curves import plot_curves, plot_vulnerability
from tms_lib.plots.features import (
    plot_feature_norms,
    plot_features_2d,
    plot_features_3d,
    plot_weights,
)
from tms_lib.plots.geometry import plot_dimensionality, plot_trajectories
from tms_lib.plots.neurons import (
    plot_neurons,
    plot_weight_graph,
    plot_weight_matrix,
    plot_weight_stack,
)
from tms_lib.plots.phases import plot_phase_diagram, plot_phase_map

__all__ = [
    "plot_active_counts",
    "plot_curves",
    "plot_dimensionality",
    "plot_feature_norms",
    "plot_features_2d",
    "plot_features_3d",
    "plot_neurons",
    "plot_phase_diagram",
    "plot_phase_map",
    "plot_trajectories",
    "plot_vulnerability",
    "plot_weight_graph",
    "plot_weight_matrix",
    "plot_weight_stack",
    "plot_weights",
]
