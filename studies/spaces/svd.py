"""The search space of SVD."""

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from models.svd import SVD
from studies.spec import Searched, StudySpec

LIKE_NEIGHBOURS = "as for item2item"

SPEC = StudySpec(
    model=SVD,
    space={
        "n_factors": Searched(
            IntDistribution(8, 512, log=True), "Cremonesi et al. 2010, RecSys: 50 to 300; peers search PureSVD to 512"
        ),
        "scaling": Searched(
            FloatDistribution(0.0, 1.0), "Nikolakopoulos et al. 2015: from no weight of popularity to PureSVD's"
        ),
        "weighting": Searched(CategoricalDistribution(["likes", "tfidf", "bm25"]), LIKE_NEIGHBOURS),
        "k1": Searched(FloatDistribution(0.1, 3.0), LIKE_NEIGHBOURS),
        "b": Searched(FloatDistribution(0.0, 1.0), LIKE_NEIGHBOURS),
    },
    weighted_space={
        "weighting": Searched(
            CategoricalDistribution(["likes", "weights", "log", "tfidf", "bm25"]),
            "PureSVD's ratings as they are, and what bends play counts",
        ),
    },
)
