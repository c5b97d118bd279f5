"""The search space of SVD++."""

from optuna.distributions import FloatDistribution

from models.svdpp import SVDpp
from studies.spaces import biased_svd, funk_svd
from studies.spec import Searched, StudySpec

SPACE = {
    **biased_svd.SPACE,
    "reg_implicit": Searched(FloatDistribution(0.001, 0.1, log=True), "around the .015 of Koren 2008"),
}

SPEC = StudySpec(model=SVDpp, space=SPACE, max_epochs=funk_svd.MAX_EPOCHS, patience=funk_svd.PATIENCE)
