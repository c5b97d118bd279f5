"""The search space of iALS."""

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from models.ials import IALS
from studies.spec import Searched, StudySpec

PAPER = "Rendle et al. 2021, arXiv:2110.14037"

SPEC = StudySpec(
    model=IALS,
    space={
        "n_factors": Searched(
            IntDistribution(8, 128, log=True),
            f"{PAPER}: search at small sizes, then double; its best grow to 512 and beyond on larger data",
        ),
        "reg": Searched(FloatDistribution(1e-4, 1e-1, log=True), f"{PAPER}, section 4; irspack's range for iALS"),
        "reg_exponent": Searched(
            FloatDistribution(0.0, 1.0), f"{PAPER}, section 3.2: from one penalty for all to ALS-WR's by frequency"
        ),
        "unobserved_weight": Searched(
            FloatDistribution(3e-3, 1.0, log=True), f"{PAPER}, section 4; irspack's range for alpha0"
        ),
    },
    weighted_space={
        "alpha": Searched(
            FloatDistribution(1e-4, 1e1, log=True),
            "implicit's range, moved down as play counts go into the hundreds; its low end all but ignores them",
        ),
        "confidence": Searched(
            CategoricalDistribution(["linear", "log"]),
            "Hu, Koren & Volinsky 2008, section 4 and its logarithmic variant",
        ),
    },
    max_epochs=32,
    patience=3,
)
