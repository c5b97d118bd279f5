"""The search space of user_knn."""

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from models.user_knn import UserKNN
from studies.spec import Searched, StudySpec

PEERS = "Ferrari Dacrema et al. 2021, ACM TOIS 39(2), arXiv:1911.07698"
LIKE_ITEMS = "as for item2item"
BM25 = ("weighting", "bm25")

SPEC = StudySpec(
    model=UserKNN,
    space={
        "similarity": Searched(
            CategoricalDistribution(["cooccurrence", "cosine", "pearson"]),
            "Herlocker et al. 1999 compare them; the number in common favours users of many likes",
        ),
        "weighting": Searched(CategoricalDistribution(["likes", "tfidf", "bm25"]), f"{PEERS}: none, TF-IDF and BM25"),
        "n_neighbors": Searched(IntDistribution(5, 1000, log=True), f"{PEERS}: 5 to 1000", cost=0.0),
        "shrinkage": Searched(FloatDistribution(0.0, 1000.0), f"{PEERS}: 0 to 1000"),
        "k1": Searched(FloatDistribution(0.1, 3.0), LIKE_ITEMS, only_if=BM25),
        "b": Searched(FloatDistribution(0.0, 1.0), LIKE_ITEMS, only_if=BM25),
    },
    weighted_space={
        "weighting": Searched(CategoricalDistribution(["likes", "log", "tfidf", "bm25"]), LIKE_ITEMS),
    },
)
