"""The search space of timeSVD++."""

from optuna.distributions import FloatDistribution, IntDistribution

from models.time_svdpp import TimeSVDpp
from studies.spaces import funk_svd, svdpp
from studies.spec import Searched, StudySpec

SPACE = {
    **svdpp.SPACE,
    "n_bins": Searched(IntDistribution(1, 60, log=True), "Koren 2010 has 30, over six years of Netflix"),
    "drift_rate": Searched(
        FloatDistribution(0.01, 1.0, log=True), "Koren 2010 learns drifts at far lower rates; 1 is the rate of all else"
    ),
}

SPEC = StudySpec(model=TimeSVDpp, space=SPACE, max_epochs=funk_svd.MAX_EPOCHS, patience=funk_svd.PATIENCE)
