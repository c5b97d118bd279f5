"""The search space of item2item."""

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from models.item2item import Item2Item
from studies.spec import Searched, StudySpec

SPEC = StudySpec(
    model=Item2Item,
    space={
        "similarity": Searched(
            CategoricalDistribution(["cooccurrence", "cosine"]), "Sarwar et al. 2001; raw counts are what courses teach"
        ),
        "n_neighbors": Searched(IntDistribution(4, 1000, log=True), "irspack's range for item kNN"),
        "shrinkage": Searched(FloatDistribution(0.0, 1000.0), "irspack's range; Bell & Koren 2007"),
    },
)
