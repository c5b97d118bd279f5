"""The study of random: nothing to search, one trial."""

from models.random import Random
from studies.spec import StudySpec

SPEC = StudySpec(model=Random)
