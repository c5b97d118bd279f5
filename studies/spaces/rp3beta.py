"""The search space of RP3beta."""

from optuna.distributions import CategoricalDistribution, FloatDistribution

from models.rp3beta import RP3Beta
from studies.spaces.ranges import n_neighbors
from studies.spec import Searched, StudySpec

PEERS = "Ferrari Dacrema et al. 2021, ACM TOIS 39(2), arXiv:1911.07698"

SPEC = StudySpec(
    model=RP3Beta,
    space={
        "alpha": Searched(FloatDistribution(0.0, 2.0), f"{PEERS}, tunes P3alpha and RP3beta from 0 to 2"),
        "beta": Searched(FloatDistribution(0.0, 1.0), "from P3alpha to full division by popularity; past 1 never best"),
        "n_neighbors": n_neighbors(5, 1000, f"{PEERS}: 5 to 1000"),
    },
    weighted_space={
        "weighting": Searched(
            CategoricalDistribution(["likes", "weights", "log"]), "the paper weighs by ratings; play counts need a log"
        ),
    },
)
