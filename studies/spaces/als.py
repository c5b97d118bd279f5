"""The search space of ALS."""

from optuna.distributions import CategoricalDistribution, FloatDistribution

from models.als import ALS
from studies.spaces.ranges import n_factors
from studies.spec import Searched, StudySpec

SPEC = StudySpec(
    model=ALS,
    space={
        "n_factors": n_factors(8, 256, "as for iALS; without weights the best are small"),
        "reg": Searched(
            FloatDistribution(1e-2, 1e3, log=True),
            "courses try 0.01 to 1; beyond, it fades the weaker axes, whose singular values are in the tens",
        ),
        "reg_exponent": Searched(FloatDistribution(0.0, 1.0), "from one penalty for all to that of Zhou et al. 2008"),
    },
    weighted_space={
        "targets": Searched(CategoricalDistribution(["likes", "weights"]), "a rating says more than a play count"),
    },
    max_epochs=32,
    patience=3,
)
