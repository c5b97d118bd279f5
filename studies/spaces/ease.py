"""The search space of EASE."""

from optuna.distributions import FloatDistribution

from models.ease import EASE
from studies.spec import Searched, StudySpec

SPEC = StudySpec(
    model=EASE,
    space={
        "reg": Searched(FloatDistribution(1.0, 1e4, log=True), "Steck 2019, WWW: 200 to 1000; peers search 10 to 5000"),
        "dropout": Searched(FloatDistribution(0.0, 0.8), "Steck 2020, NeurIPS: best from 0.3 to 0.8"),
    },
)
