"""Chapter 12: absolute values, computed in superposition."""

from autograder.exercises.absolute_value import (
    absolute_value,
    absolute_value_loss,
    asymmetric_circuit,
    canonical_neurons,
    monosemantic_circuit,
    sample_signed_features,
    side_responses,
    sort_neurons,
)

EXERCISES = (
    sample_signed_features.EXERCISE,
    absolute_value.EXERCISE,
    absolute_value_loss.EXERCISE,
    monosemantic_circuit.EXERCISE,
    side_responses.EXERCISE,
    canonical_neurons.EXERCISE,
    sort_neurons.EXERCISE,
    asymmetric_circuit.EXERCISE,
)
