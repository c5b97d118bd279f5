"""The search space of item2item."""

from optuna.distributions import CategoricalDistribution, FloatDistribution

from models.item2item import Item2Item
from studies.spaces.ranges import n_neighbors
from studies.spec import Searched, StudySpec

BM25 = ("weighting", "bm25")

SPEC = StudySpec(
    model=Item2Item,
    space={
        "similarity": Searched(
            CategoricalDistribution(["cooccurrence", "cosine", "pearson"]),
            "raw counts are what courses teach; Sarwar et al. 2001 compare cosine and correlation",
        ),
        "weighting": Searched(
            CategoricalDistribution(["likes", "tfidf", "bm25"]), "implicit's recommenders, irspack's feature_weighting"
        ),
        "n_neighbors": n_neighbors(4, 1000, "irspack's range for item kNN"),
        "shrinkage": Searched(FloatDistribution(0.0, 1000.0), "irspack's range; Bell & Koren 2007"),
        "k1": Searched(
            FloatDistribution(0.1, 3.0), "around the 1.2 to 2 of Manning et al. 2008, chapter 11.4.3", only_if=BM25
        ),
        "b": Searched(
            FloatDistribution(0.0, 1.0), "all there is: from no normalisation by length to full", only_if=BM25
        ),
    },
    weighted_space={
        "weighting": Searched(
            CategoricalDistribution(["likes", "log", "tfidf", "bm25"]), "as without weights, and their logarithm"
        ),
    },
)
