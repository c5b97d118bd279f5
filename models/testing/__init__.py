"""Tests that every model must pass; needs pytest. A package that brings its own model inherits them in its tests:

from models.testing import ModelContract

class TestMine(ModelContract):
    model = Mine
    config = MineConfig(n_epochs=2)
"""

import pytest

pytest.register_assert_rewrite("models.testing.contract")  # before its import: failures then show the values compared

from models.testing.contract import FactorModelContract, ModelContract, assert_refused  # noqa: E402
from models.testing.likes import checkerboard, random_likes  # noqa: E402

__all__ = ["FactorModelContract", "ModelContract", "assert_refused", "checkerboard", "random_likes"]
