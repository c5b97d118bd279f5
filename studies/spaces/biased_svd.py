"""The search space of biased SVD."""

from optuna.distributions import FloatDistribution

from models.biased_svd import BiasedSVD
from studies.spaces import funk_svd
from studies.spec import Searched, StudySpec

SPACE = {
    **funk_svd.SPACE,
    "reg_bias": Searched(FloatDistribution(0.002, 0.2, log=True), "around the .005 to .02 of Koren 2008"),
}

SPEC = StudySpec(model=BiasedSVD, space=SPACE, max_epochs=funk_svd.MAX_EPOCHS, patience=funk_svd.PATIENCE)
