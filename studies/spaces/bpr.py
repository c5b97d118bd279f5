"""The search space of BPR."""

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from models.bpr import BPR
from studies.spaces.ranges import n_factors
from studies.spec import Searched, StudySpec

PENALTIES = "Milogradskii et al. 2024, RecSys, arXiv:2409.14217: three penalties, each searched on its own"

SPEC = StudySpec(
    model=BPR,
    space={
        "n_factors": n_factors(16, 256, "peers search 16 to 256"),
        "learning_rate": Searched(
            FloatDistribution(2e-2, 0.2, log=True), "the top of peers' 1e-3 to 0.2; the rate decays from there"
        ),
        "decay": Searched(
            FloatDistribution(1e-2, 0.3, log=True), "Robbins & Monro 1951; faster decay stops short of the optimum"
        ),
        "reg_user": Searched(FloatDistribution(1e-4, 1e-1, log=True), PENALTIES),
        "reg_positive": Searched(FloatDistribution(1e-4, 1e-1, log=True), PENALTIES),
        "reg_negative": Searched(FloatDistribution(1e-4, 1e-1, log=True), PENALTIES),
        "negatives": Searched(
            CategoricalDistribution(["uniform", "popularity", "adaptive"]),
            "Rendle et al. 2009; Rendle & Freudenthaler 2014, WSDM; Zhang et al. 2013, SIGIR",
        ),
        "n_candidates": Searched(
            IntDistribution(2, 16, log=True),
            "Zhang et al. 2013, SIGIR: few are enough",
            only_if=("negatives", "adaptive"),
        ),
    },
    max_epochs=80,
    patience=8,
)
