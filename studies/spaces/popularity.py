"""The study of popularity: nothing to search, one trial."""

from models.popularity import Popularity
from studies.spec import StudySpec

SPEC = StudySpec(model=Popularity)
