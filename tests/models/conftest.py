"""Asserts of the shared contract explain themselves as those of a test module do."""

import pytest

pytest.register_assert_rewrite(
    "tests.models.contract", "tests.models.factor_contract", "tests.models.pairwise_contract"
)
