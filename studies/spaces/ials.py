"""The search space of iALS."""

import math

from optuna.distributions import CategoricalDistribution, FloatDistribution

from models.ials import IALS, IALSConfig
from studies.spaces.ranges import n_factors
from studies.spec import DataShape, Searched, StudySpec

PAPER = "Rendle et al. 2021, arXiv:2110.14037"

#: Share of the noise's singular value that the default penalty takes off: .4 to .6 is best on four sets with a
#: density of .3 % to 5 %.
NOISE_SHARE = 0.45


def _noise_reg(shape: DataShape) -> float:
    """The penalty at which iALS shrinks singular values by ``NOISE_SHARE`` of the largest that noise alone has.

    Penalties lambda_u and lambda_i shrink a factorisation's singular values by sqrt(lambda_u lambda_i) (Srebro,
    Rennie & Jaakkola 2005, NIPS). Likes strewn at random with density p have singular values up to
    sqrt(p (1 - p)) (sqrt(n_users) + sqrt(n_items)). With reg_exponent 1 lambda_u is reg (N_u + w0 n_items), N_u taken
    at its mean, and lambda_i likewise.
    """
    n_users, n_items, n_likes, _ = shape
    density = n_likes / (n_users * n_items)
    noise = math.sqrt(density * (1 - density)) * (math.sqrt(n_users) + math.sqrt(n_items))
    w0 = IALSConfig.unobserved_weight
    weights = (n_likes / n_users + w0 * n_items) * (n_likes / n_items + w0 * n_users)
    return float(f"{NOISE_SHARE * noise / math.sqrt(weights):.2g}")


def _reg(shape: DataShape) -> Searched:
    center = _noise_reg(shape)
    source = (
        f"a factor of 10 about where it meets the noise of the likes (Srebro et al. 2005); {PAPER} has 1e-3 to 1e-2"
    )
    return Searched(FloatDistribution(center / 10, center * 10, log=True), source, first=center)


SPEC = StudySpec(
    model=IALS,
    space={
        "n_factors": n_factors(8, 512, f"{PAPER}: its best are 512 and beyond on larger data"),
        "reg": _reg,
        "reg_exponent": Searched(
            FloatDistribution(0.0, 1.0), f"{PAPER}, section 3.2: from one penalty for all to ALS-WR's by frequency"
        ),
        "unobserved_weight": Searched(
            FloatDistribution(3e-3, 1.0, log=True), f"{PAPER}, section 4; irspack's range for alpha0"
        ),
    },
    weighted_space={
        "alpha": Searched(
            FloatDistribution(1e-4, 1e1, log=True),
            "implicit's range, moved down as play counts go into the hundreds; its low end all but ignores them",
        ),
        "confidence": Searched(
            CategoricalDistribution(["linear", "log"]),
            "Hu, Koren & Volinsky 2008, section 4 and its logarithmic variant",
        ),
    },
    max_epochs=32,
    patience=3,
)
