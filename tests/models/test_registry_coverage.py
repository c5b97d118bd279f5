"""Every registered model runs the contract."""

from __future__ import annotations

import importlib

import pytest

from models.testing import ModelContract
from studies.registry import MODELS, load_spec


@pytest.mark.parametrize("name", MODELS)
def test_every_registered_model_has_a_contract_test(name: str) -> None:
    module = importlib.import_module(f"tests.models.test_{name}")
    tests = [value for key, value in vars(module).items() if key.startswith("Test") and isinstance(value, type)]
    covered = [test.model for test in tests if issubclass(test, ModelContract)]
    assert load_spec(name).model in covered
