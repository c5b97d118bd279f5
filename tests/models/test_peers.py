"""Models of other libraries: the contract of all models, and comparisons with the library and with our models."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from models.base import Recommender
from models.ease import EASE, EASEConfig
from models.peers import cornac_models, implicit_models, irspack_models, lightfm_model
from models.rp3beta import RP3Beta, RP3BetaConfig
from models.slim import SLIM, SLIMConfig
from models.testing import FactorModelContract, ModelContract, assert_refused
from models.testing.contract import LIKES, USERS
from studies.registry import NEED_EXTRAS, load_spec

PEERS = [name for name, extra in NEED_EXTRAS.items() if extra.extra == "peers"]


class PeerContract(ModelContract):
    """Inherit for a model of another library; on one thread, since some of them vary from run to run on several."""

    independent_of_threads = False
    histories_equal_users = False  #: the library computes a user's vector before the last item step, or in another way

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _installed(cls) -> None:
        pytest.importorskip(NEED_EXTRAS[cls.model.name].needs, reason="it is an extra")

    def new(self, *, seed: int = 0, threads: int | None = 1) -> Recommender[Any]:
        return self.model(self.config, seed=seed, threads=threads)

    @pytest.fixture(scope="class")
    @classmethod
    def fitted(cls) -> Recommender[Any]:
        return cls.model(cls.config, threads=1).fit(LIKES)


class TestCornacBPR(PeerContract, FactorModelContract):
    model = cornac_models.CornacBPR
    config = cornac_models.CornacPairwiseConfig(k=6, n_epochs=4, learning_rate=0.1)
    is_personal = False


class TestCornacMMMF(PeerContract, FactorModelContract):
    model = cornac_models.CornacMMMF
    config = cornac_models.CornacPairwiseConfig(k=6, n_epochs=4, learning_rate=0.1)
    is_personal = False


class TestCornacEASE(PeerContract):
    model = cornac_models.CornacEASE
    config = cornac_models.CornacEASEConfig(lamb=5.0)
    checkerboard_config = cornac_models.CornacEASEConfig(lamb=1.0)


class TestImplicitALS(PeerContract, FactorModelContract):
    model = implicit_models.ImplicitALS
    config = implicit_models.ImplicitALSConfig(factors=6, n_epochs=4)
    checkerboard_config = implicit_models.ImplicitALSConfig(factors=2, alpha=2, regularization=1)


class TestImplicitBPR(PeerContract, FactorModelContract):
    model = implicit_models.ImplicitBPR
    config = implicit_models.ImplicitBPRConfig(factors=6, n_epochs=4, learning_rate=0.1)
    is_personal = False


class TestImplicitLMF(PeerContract, FactorModelContract):
    model = implicit_models.ImplicitLMF
    config = implicit_models.ImplicitLMFConfig(factors=6, iterations=10)
    is_personal = False


class TestImplicitKNN(PeerContract):
    model = implicit_models.ImplicitKNN
    config = implicit_models.ImplicitKNNConfig(K=15)
    checkerboard_config = implicit_models.ImplicitKNNConfig(K=40)


class TestIrspackIALS(PeerContract, FactorModelContract):
    model = irspack_models.IrspackIALS
    config = irspack_models.IrspackIALSConfig(n_components=6, n_epochs=4)


class TestIrspackSLIM(PeerContract):
    model = irspack_models.IrspackSLIM


class TestIrspackP3Alpha(PeerContract):
    model = irspack_models.IrspackP3Alpha


class TestIrspackRP3Beta(PeerContract):
    model = irspack_models.IrspackRP3Beta


class TestLightFM(PeerContract, FactorModelContract):
    model = lightfm_model.LightFM
    config = lightfm_model.LightFMConfig(no_components=6, n_epochs=4)
    is_personal = False


def test_invalid_settings_are_refused() -> None:
    assert_refused(
        implicit_models.ImplicitKNNConfig,
        ({"weighting": "loud"}, "weighting must be one of cosine, tfidf, bm25, got 'loud'"),
    )
    assert_refused(
        lightfm_model.LightFMConfig,
        ({"loss": "loud"}, "loss must be one of logistic, bpr, warp, warp-kos, got 'loud'"),
    )


@pytest.mark.parametrize("name", PEERS)
def test_every_peer_has_a_contract_test(name: str) -> None:
    module = importlib.import_module(__name__)
    tests = [value for key, value in vars(module).items() if key.startswith("Test") and isinstance(value, type)]
    pytest.importorskip(NEED_EXTRAS[name].needs, reason="it is an extra")
    assert load_spec(name).model in [test.model for test in tests if issubclass(test, ModelContract)]


def test_cornacs_ease_equals_ours() -> None:
    pytest.importorskip("cornac", reason="it is an extra")
    theirs = cornac_models.CornacEASE(cornac_models.CornacEASEConfig(lamb=5.0, posB=False)).fit(LIKES)
    np.testing.assert_allclose(EASE(EASEConfig(reg=5.0)).fit(LIKES).scores(USERS), theirs.scores(USERS), atol=1e-5)


def test_irspacks_slim_equals_ours() -> None:
    """irspack's penalties are per user: l1 = n alpha ratio, l2 = n alpha (1 - ratio)."""
    pytest.importorskip("irspack", reason="it is an extra")
    alpha, ratio, n = 0.05, 0.2, LIKES.shape[0]
    ours = SLIM(SLIMConfig(l1_reg=n * alpha * ratio, l2_reg=n * alpha * (1 - ratio), tolerance=1e-5)).fit(LIKES)
    theirs = irspack_models.IrspackSLIM(irspack_models.IrspackSLIMConfig(alpha=alpha, l1_ratio=ratio)).fit(LIKES)
    np.testing.assert_allclose(ours.scores(USERS), theirs.scores(USERS), atol=1e-3)


@pytest.mark.parametrize("beta", [0.0, 0.4])
def test_irspacks_random_walks_equal_ours_if_all_neighbours_are_kept(beta: float) -> None:
    """With fewer, irspack keeps the best of each scored item, itself included; we keep those of each liked item."""
    pytest.importorskip("irspack", reason="it is an extra")
    n = LIKES.shape[1]
    ours = RP3Beta(RP3BetaConfig(beta=beta, n_neighbors=n)).fit(LIKES)
    theirs: list[Recommender[Any]] = [
        irspack_models.IrspackRP3Beta(irspack_models.IrspackRP3BetaConfig(beta=beta, top_k=n))
    ]
    if beta == 0:
        theirs.append(irspack_models.IrspackP3Alpha(irspack_models.IrspackP3AlphaConfig(top_k=n)))
    unseen = LIKES.toarray() == 0
    for peer in theirs:
        np.testing.assert_allclose(ours.scores(USERS)[unseen], peer.fit(LIKES).scores(USERS)[unseen], atol=1e-5)


def test_lists_equal_those_of_implicit() -> None:
    als = pytest.importorskip("implicit.als", reason="implicit is an extra")
    from models.peers.adapters import binary_csr

    ours = implicit_models.ImplicitALS(TestImplicitALS.config, threads=1).fit(LIKES)
    theirs = als.AlternatingLeastSquares(factors=6, use_gpu=False)
    theirs.user_factors, theirs.item_factors = ours.user_factors, ours.item_factors
    items, _ = theirs.recommend(USERS, binary_csr(LIKES), N=5)
    assert (items == ours.recommend(USERS, 5).items).mean() > 0.9  # implicit fills the end of a list with other items
    vectors = theirs.recalculate_user(USERS[:8], binary_csr(LIKES)[:8])
    folded = ours.fold_in(LIKES[:8])
    assert (
        np.abs(vectors - folded).max() < 0.05 * np.abs(vectors).max()
    )  # implicit takes three steps of conjugate gradients
