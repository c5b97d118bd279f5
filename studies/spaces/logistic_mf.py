"""The search space of logistic matrix factorisation."""

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from models.logistic_mf import LogisticMF
from studies.spaces.ranges import n_factors
from studies.spec import Searched, StudySpec

PAPER = "Johnson 2014, NIPS workshop"
LIKE_BPR = "as for BPR, whose steps are of the same kind"

SPEC = StudySpec(
    model=LogisticMF,
    space={
        "n_factors": n_factors(16, 256, "peers search 16 to 256"),
        "learning_rate": Searched(FloatDistribution(2e-2, 0.2, log=True), LIKE_BPR),
        "decay": Searched(FloatDistribution(1e-2, 0.3, log=True), LIKE_BPR),
        "reg": Searched(FloatDistribution(1e-4, 1e-1, log=True), LIKE_BPR),
        "negatives": Searched(
            CategoricalDistribution(["sampled", "weighted"]), f"{PAPER}: all other pairs, or a sample of them"
        ),
        "n_negatives": Searched(
            IntDistribution(1, 10, log=True),
            f"{PAPER}, section 3.2; more cost more and tell little",
            only_if=("negatives", "sampled"),
        ),
        "unobserved_mass": Searched(
            FloatDistribution(1.0, 30.0, log=True),
            "iALS's range of weights, 0.05 to 1.5 a pair on MovieLens 1M",
            only_if=("negatives", "weighted"),
        ),
    },
    weighted_space={
        "confidence": Searched(CategoricalDistribution(["linear", "log"]), f"{PAPER}: both are given there"),
        "alpha": Searched(FloatDistribution(1e-2, 1e1, log=True), f"{PAPER}: balances likes against other pairs"),
    },
    max_epochs=60,
    patience=6,
)
