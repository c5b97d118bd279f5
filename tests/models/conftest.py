"""Rewrites the asserts of the shared contracts, so that a failure shows the values compared."""

import pytest

pytest.register_assert_rewrite("tests.models.pairwise_contract", "tests.models.rating_contract")
