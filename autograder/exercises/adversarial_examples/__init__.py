"""Chapter 10: small changes of the input that do much harm, and what superposition adds to it."""

from autograder.exercises.adversarial_examples import (
    attack_directions,
    attack_size,
    attacked_losses,
    gradient_attack,
    per_example_attack,
    relative_vulnerability,
    universal_attack,
)

EXERCISES = (
    attack_directions.EXERCISE,
    attack_size.EXERCISE,
    attacked_losses.EXERCISE,
    universal_attack.EXERCISE,
    per_example_attack.EXERCISE,
    gradient_attack.EXERCISE,
    relative_vulnerability.EXERCISE,
)
