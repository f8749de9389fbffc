"""Chapter 8: features that come together or exclude each other, and one that is rarer."""

from autograder.exercises.correlation import (
    canonicalize_2d,
    cosines_within_sets,
    pair_losses,
    principal_share,
    relax,
    sample_anticorrelated,
    sample_correlated,
)

EXERCISES = (
    sample_correlated.EXERCISE,
    sample_anticorrelated.EXERCISE,
    pair_losses.EXERCISE,
    cosines_within_sets.EXERCISE,
    canonicalize_2d.EXERCISE,
    principal_share.EXERCISE,
    relax.EXERCISE,
)
