"""The search space of Spark's ALS."""

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from models.spark_als import SparkALS
from studies.spec import Searched, StudySpec

SPEC = StudySpec(
    model=SparkALS,
    space={
        "n_factors": Searched(IntDistribution(8, 128, log=True), "as for iALS, whose objective this is"),
        "n_iterations": Searched(
            IntDistribution(3, 20), "Spark's guide: it converges in 20 or less; Spark fits them in one go"
        ),
        "reg": Searched(
            FloatDistribution(1e-3, 3.0, log=True),
            "iALS's range, times a like's confidence; Spark multiplies it by a row's likes",
        ),
        "alpha": Searched(
            FloatDistribution(0.3, 300, log=True),
            "iALS's unobserved weights of 3e-3 to 1, turned over; Hu, Koren & Volinsky 2008 take 40",
        ),
    },
    weighted_space={
        "feedback": Searched(CategoricalDistribution(["implicit", "explicit"]), "Spark's implicitPrefs"),
    },
)
