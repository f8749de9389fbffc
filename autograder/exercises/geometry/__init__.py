"""Chapter 7: the geometric shapes that features of equal importance and density form."""

from autograder.exercises.geometry import (
    connected_components,
    dimensionality,
    dimensionality_bound,
    dimensions_per_feature,
    feature_graph,
    indivisible_polytope,
    nearest_fraction,
    tegum_product,
)

EXERCISES = (
    dimensions_per_feature.EXERCISE,
    dimensionality.EXERCISE,
    nearest_fraction.EXERCISE,
    dimensionality_bound.EXERCISE,
    indivisible_polytope.EXERCISE,
    tegum_product.EXERCISE,
    feature_graph.EXERCISE,
    connected_components.EXERCISE,
)
