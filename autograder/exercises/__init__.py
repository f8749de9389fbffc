"""The exercises of the course: a package for each chapter, a module for each exercise."""

import difflib
from types import MappingProxyType

from autograder.exercise import Exercise
from autograder.exercises import (
    absolute_value,
    adversarial_examples,
    correlation,
    geometry,
    interference,
    learning_dynamics,
    linear_theory,
    phase_change,
    privileged_basis,
    recovering_features,
    sparse_features,
    superposition,
    toy_models,
)

CHAPTERS = MappingProxyType(
    {
        "01_sparse_features": sparse_features.EXERCISES,
        "02_toy_models": toy_models.EXERCISES,
        "03_superposition": superposition.EXERCISES,
        "04_linear_theory": linear_theory.EXERCISES,
        "05_interference": interference.EXERCISES,
        "06_phase_change": phase_change.EXERCISES,
        "07_geometry": geometry.EXERCISES,
        "08_correlation": correlation.EXERCISES,
        "09_learning_dynamics": learning_dynamics.EXERCISES,
        "10_adversarial_examples": adversarial_examples.EXERCISES,
        "11_privileged_basis": privileged_basis.EXERCISES,
        "12_absolute_value": absolute_value.EXERCISES,
        "13_recovering_features": recovering_features.EXERCISES,
    }
)
EXERCISES = MappingProxyType(
    {exercise.name: exercise for exercises in CHAPTERS.values() for exercise in exercises}
)
assert len(EXERCISES) == sum(map(len, CHAPTERS.values())), "two exercises have the same name"


def find(name: str) -> Exercise:
    """The exercise with this name.

    Raises:
        ValueError: If there is none; the message names the nearest.
    """
    if name not in EXERCISES:
        near = difflib.get_close_matches(name, EXERCISES, n=1, cutoff=0.4)
        hint = f" Did you mean {near[0]!r}?" if near else f" There are: {', '.join(EXERCISES)}."
        raise ValueError(f"There is no exercise {name!r}.{hint}")
    return EXERCISES[name]
