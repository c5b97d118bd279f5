"""The search space of Funk's SVD, which the other models of ratings widen."""

from optuna.distributions import FloatDistribution

from models.funk_svd import FunkSVD
from studies.spaces.ranges import n_factors
from studies.spec import Range, Searched, StudySpec

MAX_EPOCHS = 60  #: at the lowest rates of the range
PATIENCE = 5  #: what makes errors small comes first, and ranks follow by and by

SPACE: dict[str, Range] = {
    "n_factors": n_factors(8, 256, "Koren et al. 2009 gain up to 100 and more"),
    "learning_rate": Searched(
        FloatDistribution(0.003, 0.05, log=True),
        "Koren 2008 has .007, Funk .001 to .005; .05 with decay still converges",
    ),
    "reg": Searched(
        FloatDistribution(0.005, 0.3, log=True), "Koren 2008 has .015 to .04; .08 is best on 100,000 ratings"
    ),
}

SPEC = StudySpec(model=FunkSVD, space=SPACE, max_epochs=MAX_EPOCHS, patience=PATIENCE)
