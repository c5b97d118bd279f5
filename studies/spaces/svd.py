"""The search space of SVD."""

from optuna.distributions import CategoricalDistribution, FloatDistribution

from models.svd import SVD
from studies.spaces.ranges import n_factors
from studies.spec import Searched, StudySpec

LIKE_NEIGHBOURS = "as for item2item"
BM25 = ("weighting", "bm25")

SPEC = StudySpec(
    model=SVD,
    space={
        "n_factors": n_factors(8, 512, "Cremonesi et al. 2010, RecSys: 50 to 300; peers search PureSVD to 512"),
        "scaling": Searched(
            FloatDistribution(0.0, 1.0), "Nikolakopoulos et al. 2015: from no weight of popularity to PureSVD's"
        ),
        "weighting": Searched(CategoricalDistribution(["likes", "tfidf", "bm25"]), LIKE_NEIGHBOURS),
        "k1": Searched(FloatDistribution(0.1, 3.0), LIKE_NEIGHBOURS, only_if=BM25),
        "b": Searched(FloatDistribution(0.0, 1.0), LIKE_NEIGHBOURS, only_if=BM25),
    },
    weighted_space={
        "weighting": Searched(
            CategoricalDistribution(["likes", "weights", "log", "tfidf", "bm25"]),
            "PureSVD's ratings as they are, and what bends play counts",
        ),
    },
)
