"""Reference library for the course on "Toy Models of Superposition"."""

from tms_lib.correlation import sample_anticorrelated, sample_correlated
from tms_lib.features import (
    FeatureMoments,
    active_count_probability,
    cooccurrence,
    density,
    feature_moments,
    geometric_importance,
    sample_features,
)
from tms_lib.losses import weighted_mse
from tms_lib.metrics import (
    FeatureKind,
    classify_features,
    count_represented,
    dimensionality,
    dimensions_per_feature,
    feature_norm,
    interference,
    superposition,
)
from tms_lib.models import (
    LinearModel,
    ReLUOutputModel,
    embed,
    gram,
    init_weights,
    linear_output,
    relu_output,
)
from tms_lib.neurons import canonical_neurons, features_per_neuron, polysemanticity, sort_neurons
from tms_lib.plots import (
    plot_active_counts,
    plot_feature_norms,
    plot_features_2d,
    plot_weights,
)
from tms_lib.theory import linear_optimal_loss, linear_optimum
from tms_lib.training import (
    Sampler,
    TrainConfig,
    TrainResult,
    best_of_seeds,
    expected_loss,
    gradient_step,
    train,
    train_over_densities,
    train_relu_output,
)

__all__ = [
    "FeatureKind",
    "FeatureMoments",
    "LinearModel",
    "ReLUOutputModel",
    "Sampler",
    "TrainConfig",
    "TrainResult",
    "active_count_probability",
    "best_of_seeds",
    "canonical_neurons",
    "classify_features",
    "cooccurrence",
    "count_represented",
    "density",
    "dimensionality",
    "dimensions_per_feature",
    "embed",
    "expected_loss",
    "feature_moments",
    "feature_norm",
    "features_per_neuron",
    "geometric_importance",
    "gradient_step",
    "gram",
    "init_weights",
    "interference",
    "linear_optimal_loss",
    "linear_optimum",
    "linear_output",
    "plot_active_counts",
    "plot_feature_norms",
    "plot_features_2d",
    "plot_weights",
    "polysemanticity",
    "relu_output",
    "sample_anticorrelated",
    "sample_correlated",
    "sample_features",
    "sort_neurons",
    "superposition",
    "train",
    "train_over_densities",
    "train_relu_output",
    "weighted_mse",
]
