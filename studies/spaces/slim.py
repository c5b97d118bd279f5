"""The search space of SLIM."""

from optuna.distributions import FloatDistribution

from models.slim import SLIM
from studies.spaces.ranges import n_neighbors
from studies.spec import Searched, StudySpec

PAPER = "Ning & Karypis 2011, ICDM, table 2"
PEERS = "Ferrari Dacrema et al. 2021, ACM TOIS 39(2), arXiv:1911.07698"

SPEC = StudySpec(
    model=SLIM,
    space={
        "l1_reg": Searched(
            FloatDistribution(1e-2, 30.0, log=True),
            f"{PAPER}: 0.1 to 5; tuned winners elsewhere are below 0.1, and below 0.01 of a like little changes",
        ),
        "l2_reg": Searched(
            FloatDistribution(1.0, 2000.0, log=True), f"{PAPER}: 2 to 50; winners elsewhere 150 to 1,800"
        ),
        "n_neighbors": n_neighbors(
            20, 1000, f"{PEERS}: 5 to 1000 weights an item; tuned winners keep 500 to 660", cost=1.0
        ),
    },
)
