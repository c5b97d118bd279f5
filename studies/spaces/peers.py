"""The search spaces of other libraries' models: as wide as ours, in the library's own names."""

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from models.peers.cornac_models import CornacBPR, CornacEASE, CornacMMMF
from models.peers.implicit_models import ImplicitALS, ImplicitBPR, ImplicitKNN, ImplicitLMF
from models.peers.irspack_models import IrspackIALS, IrspackP3Alpha, IrspackRP3Beta, IrspackSLIM
from models.peers.lightfm_model import LightFM
from studies.spaces.ranges import n_factors
from studies.spec import Range, Searched, StudySpec

IRSPACK = "irspack's own range"
AS_OURS = "as for our model of this kind"
TROUBLING = "Ferrari Dacrema et al. 2021, ACM TOIS 39(2), arXiv:1911.07698"

FACTORS = n_factors(8, 256, AS_OURS)
MANY_FACTORS = n_factors(8, 512, AS_OURS)
SGD_RATE = Searched(FloatDistribution(1e-3, 0.2, log=True), "what the field tunes it in")
PENALTY = Searched(FloatDistribution(1e-6, 1e-1, log=True), "what the field tunes it in")

_CORNAC_PAIRWISE: dict[str, Range] = {"k": FACTORS, "learning_rate": SGD_RATE, "lambda_reg": PENALTY}
CORNAC_BPR = StudySpec(model=CornacBPR, space=_CORNAC_PAIRWISE, max_epochs=150, patience=8)
CORNAC_MMMF = StudySpec(model=CornacMMMF, space=_CORNAC_PAIRWISE, max_epochs=150, patience=8)
CORNAC_EASE = StudySpec(
    model=CornacEASE,
    space={
        "lamb": Searched(FloatDistribution(1.0, 1e4, log=True), AS_OURS),
        "posB": Searched(CategoricalDistribution([False, True]), "Steck 2019 keeps negative weights, Cornac does not"),
    },
)
IMPLICIT_ALS = StudySpec(
    model=ImplicitALS,
    space={
        "factors": MANY_FACTORS,
        "regularization": Searched(FloatDistribution(1e-3, 1e2, log=True), "about its default of 0.01, and far beyond"),
        "alpha": Searched(FloatDistribution(1e-1, 1e2, log=True), "Hu, Koren & Volinsky 2008 take 40, implicit 1"),
    },
    max_epochs=32,
    patience=3,
)
IMPLICIT_BPR = StudySpec(
    model=ImplicitBPR,
    space={"factors": FACTORS, "learning_rate": SGD_RATE, "regularization": PENALTY},
    max_epochs=150,
    patience=8,
)
IMPLICIT_LMF = StudySpec(
    model=ImplicitLMF,
    space={
        "factors": FACTORS,
        "learning_rate": Searched(FloatDistribution(1e-1, 2.0, log=True), "about its default of 1"),
        "regularization": Searched(FloatDistribution(1e-2, 1e1, log=True), "about its default of 0.6"),
        "neg_prop": Searched(IntDistribution(5, 50, log=True), "about its default of 30"),
        "iterations": Searched(IntDistribution(10, 100, log=True), "about its default of 30"),
    },
)
IMPLICIT_KNN = StudySpec(
    model=ImplicitKNN,
    space={
        "weighting": Searched(CategoricalDistribution(["cosine", "tfidf", "bm25"]), "its three recommenders"),
        "K": Searched(IntDistribution(5, 1000, log=True), f"{TROUBLING}: 5 to 1000", cost=0.0),
        "K1": Searched(FloatDistribution(0.1, 3.0), AS_OURS, only_if=("weighting", "bm25")),
        "B": Searched(FloatDistribution(0.0, 1.0), AS_OURS, only_if=("weighting", "bm25")),
    },
)
IRSPACK_IALS = StudySpec(
    model=IrspackIALS,
    space={
        "n_components": MANY_FACTORS,
        "alpha0": Searched(FloatDistribution(3e-3, 1.0, log=True), IRSPACK),
        "reg": Searched(FloatDistribution(1e-4, 1e-1, log=True), IRSPACK),
        "nu": Searched(FloatDistribution(0.0, 1.0), AS_OURS),
    },
    max_epochs=32,
    patience=3,
)
IRSPACK_SLIM = StudySpec(
    model=IrspackSLIM,
    space={
        "alpha": Searched(FloatDistribution(1e-5, 1.0, log=True), IRSPACK),
        "l1_ratio": Searched(FloatDistribution(1e-5, 1.0, log=True), f"{TROUBLING}: 1e-5 to 1"),
    },
)
_P3ALPHA = {
    "alpha": Searched(FloatDistribution(0.0, 2.0), f"{TROUBLING}: 0 to 2"),
    "top_k": Searched(IntDistribution(5, 1000, log=True), f"{TROUBLING}: 5 to 1000", cost=0.0),
    "normalize_weight": Searched(CategoricalDistribution([False, True]), IRSPACK),
}
IRSPACK_P3ALPHA = StudySpec(model=IrspackP3Alpha, space=_P3ALPHA)
IRSPACK_RP3BETA = StudySpec(
    model=IrspackRP3Beta,
    space={**_P3ALPHA, "beta": Searched(FloatDistribution(0.0, 2.0), f"{TROUBLING}: 0 to 2")},
)
LIGHTFM = StudySpec(
    model=LightFM,
    space={
        "no_components": FACTORS,
        "loss": Searched(CategoricalDistribution(["bpr", "warp"]), "its two losses of pairs"),
        "learning_rate": SGD_RATE,
        "user_alpha": PENALTY,
        "item_alpha": PENALTY,
        "max_sampled": Searched(IntDistribution(5, 100, log=True), AS_OURS),
    },
    max_epochs=60,
    patience=6,
)
