"""From the same initial values, our SGD gives the same predictions as Surprise's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.biased_svd import BiasedSVD, BiasedSVDConfig
from models.svdpp import SVDpp, SVDppConfig
from tests.models.rating_contract import RATED

surprise = pytest.importorskip("surprise", reason="scikit-surprise is not installed")

N_EPOCHS = 8
SETTINGS: dict[str, Any] = {"n_factors": 12, "n_epochs": N_EPOCHS, "decay": 0.0, "reg": 0.02, "reg_bias": 0.02}


def drawn(n_rows: int, rng: np.random.RandomState) -> NDArray[np.float32]:
    return rng.normal(0, 0.1, (n_rows, 12)).astype(np.float32)


@pytest.mark.parametrize("algorithm", ["SVD", "SVDpp"])
def test_the_same_start_gives_the_same_predictions(algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.benchmarks.surprise_peer import _trainset

    rate = 0.005 if algorithm == "SVD" else 0.007
    theirs = getattr(surprise, algorithm)(n_factors=12, n_epochs=N_EPOCHS, random_state=0).fit(_trainset(RATED))
    model: Any
    if algorithm == "SVD":
        model = BiasedSVD(BiasedSVDConfig(**SETTINGS, learning_rate=rate))
    else:
        model = SVDpp(SVDppConfig(**SETTINGS, learning_rate=rate, reg_implicit=0.02))
    model._start(RATED)
    state, rng = model._drawn(RATED), np.random.RandomState(0)
    state["users"][:, :12], state["items"][:, :12] = drawn(60, rng), drawn(40, rng)
    state["users"][:, 12] = RATED.data.mean()
    if algorithm == "SVDpp":
        state["implicit"] = drawn(40, rng)
    monkeypatch.setattr(model, "_drawn", lambda train: state)
    model.fit(RATED)
    pairs = [(u, i) for u in range(60) for i in range(40) if u != 3 and i != 5]  # user 3 and item 5 have no ratings
    expected = np.array([theirs.predict(u, i).est for u, i in pairs])
    np.testing.assert_allclose(model.predict(*np.array(pairs).T), expected, atol=1e-3)
