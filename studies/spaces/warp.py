"""The search space of WARP."""

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from models.warp import WARP
from studies.spaces.ranges import n_factors
from studies.spec import Searched, StudySpec

SPEC = StudySpec(
    model=WARP,
    space={
        "n_factors": n_factors(16, 256, "peers search 16 to 256"),
        "variant": Searched(
            CategoricalDistribution(["warp", "k-os", "hardest"]),
            "Weston et al. 2011, IJCAI, and 2013, RecSys; the hardest of a sample is what courses teach",
        ),
        "learning_rate": Searched(FloatDistribution(1e-2, 0.2, log=True), "LightFM's 0.05, a factor of 4 about it"),
        "reg_user": Searched(FloatDistribution(1e-4, 0.3, log=True), "peers search LightFM's user_alpha to 0.1"),
        "reg_item": Searched(FloatDistribution(1e-4, 0.3, log=True), "peers search LightFM's item_alpha to 0.1"),
        "max_sampled": Searched(IntDistribution(5, 100, log=True), "peers' range; LightFM's default is 10"),
    },
    max_epochs=60,
    patience=6,
)
