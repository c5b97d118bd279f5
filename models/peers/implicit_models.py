"""Models of implicit (github.com/benfred/implicit), which requires one OpenBLAS thread beside its own threads."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp

from models.config_checks import check_choice
from models.peers.adapters import PeerFactors, PeerWeights, binary_csr, library_settings, n_threads
from models.threads import limited_threads

__all__ = [
    "ImplicitALS",
    "ImplicitALSConfig",
    "ImplicitBPR",
    "ImplicitBPRConfig",
    "ImplicitKNN",
    "ImplicitKNNConfig",
    "ImplicitLMF",
    "ImplicitLMFConfig",
]


@dataclass(frozen=True, kw_only=True)
class ImplicitALSConfig:
    """implicit's names and defaults."""

    factors: int = 100
    regularization: float = 0.01
    alpha: float = 1.0  #: confidence of a like; other pairs have 1
    n_epochs: int = 15


class ImplicitALS(PeerFactors[ImplicitALSConfig]):
    """implicit's AlternatingLeastSquares."""

    name = "implicit_als"
    config_type = ImplicitALSConfig

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        from implicit.als import AlternatingLeastSquares

        with limited_threads(1):
            model = AlternatingLeastSquares(
                **library_settings(self),
                iterations=1,
                num_threads=n_threads(self),
                random_state=self.seed,
                use_gpu=False,
            )
        for epoch in range(1, self.config.n_epochs + 1):
            _fit(model, train)
            self.user_factors, self.item_factors = model.user_factors, model.item_factors
            yield epoch

    def _least_squares(self) -> tuple[float, float]:
        return 1 / self.config.alpha, self.config.regularization / self.config.alpha


@dataclass(frozen=True, kw_only=True)
class ImplicitBPRConfig:
    """implicit's names and defaults."""

    factors: int = 100
    learning_rate: float = 0.01
    regularization: float = 0.01
    n_epochs: int = 100


class ImplicitBPR(PeerFactors[ImplicitBPRConfig]):
    """implicit's BayesianPersonalizedRanking; with several threads its factors vary from run to run."""

    name = "implicit_bpr"
    config_type = ImplicitBPRConfig
    n_bias_columns = 1

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        from implicit.bpr import BayesianPersonalizedRanking

        model = BayesianPersonalizedRanking(
            **library_settings(self), iterations=1, num_threads=n_threads(self), use_gpu=False
        )
        for epoch in range(1, self.config.n_epochs + 1):
            model.random_state = np.random.default_rng([self.seed, epoch])  # else all epochs would draw the same pairs
            _fit(model, train)
            self.user_factors, self.item_factors = model.user_factors, model.item_factors
            yield epoch


@dataclass(frozen=True, kw_only=True)
class ImplicitLMFConfig:
    """implicit's names and defaults. It cannot continue a fit, so that its iterations are not epochs."""

    factors: int = 30
    learning_rate: float = 1.0
    regularization: float = 0.6
    neg_prop: int = 30
    iterations: int = 30


class ImplicitLMF(PeerFactors[ImplicitLMFConfig]):
    """implicit's LogisticMatrixFactorization, with two bias columns."""

    name = "implicit_lmf"
    config_type = ImplicitLMFConfig
    n_bias_columns = 2

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        from implicit.lmf import LogisticMatrixFactorization

        model = LogisticMatrixFactorization(
            **library_settings(self), num_threads=n_threads(self), random_state=self.seed, use_gpu=False
        )
        _fit(model, train)
        self.user_factors, self.item_factors = model.user_factors, model.item_factors
        yield 1


@dataclass(frozen=True, kw_only=True)
class ImplicitKNNConfig:
    """implicit's names and defaults."""

    weighting: Literal["cosine", "tfidf", "bm25"] = "cosine"
    K: int = 20
    K1: float = 1.2
    B: float = 0.75

    def __post_init__(self) -> None:
        check_choice(self, "weighting", ("cosine", "tfidf", "bm25"))


class ImplicitKNN(PeerWeights[ImplicitKNNConfig]):
    """implicit's CosineRecommender, TFIDFRecommender and BM25Recommender."""

    name = "implicit_knn"
    config_type = ImplicitKNNConfig

    def _fitted_weights(self, likes: sp.csr_matrix) -> Any:
        from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender

        config, threads = self.config, n_threads(self)
        if config.weighting == "bm25":
            model = BM25Recommender(K=config.K, K1=config.K1, B=config.B, num_threads=threads)
        else:
            kinds = {"cosine": CosineRecommender, "tfidf": TFIDFRecommender}
            model = kinds[config.weighting](K=config.K, num_threads=threads)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # implicit warns of a conversion inside its own code
            model.fit(likes, show_progress=False)
        return model.similarity


def _fit(model: Any, train: sp.csr_array) -> None:
    with limited_threads(1):
        model.fit(binary_csr(train), show_progress=False)
