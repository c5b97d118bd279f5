"""The search space of SLIM."""

from optuna.distributions import FloatDistribution

from models.slim import SLIM
from studies.spec import Searched, StudySpec

PAPER = "Ning & Karypis 2011, ICDM, table 2"

SPEC = StudySpec(
    model=SLIM,
    space={
        "l1_reg": Searched(
            FloatDistribution(1.0, 100.0, log=True), f"{PAPER}: 0.1 to 5; below 1 any one user relates two items"
        ),
        "l2_reg": Searched(
            FloatDistribution(1.0, 2000.0, log=True), f"{PAPER}: 2 to 50; more suits data of more users, as in EASE"
        ),
    },
)
