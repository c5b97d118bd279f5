"""The tests that mfbench ships for every model, run on the model of this package."""

from mfbench_two_hops import TwoHops, TwoHopsConfig

from models.testing import ModelContract


class TestTwoHops(ModelContract):
    model = TwoHops


class TestWithoutDamping(ModelContract):
    model = TwoHops
    config = TwoHopsConfig(damping=0.0)
