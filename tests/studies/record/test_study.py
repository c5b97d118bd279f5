import pytest

from studies.record.study import ParameterRange, ParameterValue


@pytest.mark.parametrize(
    ("value", "is_near"), [(8, True), (9, True), (12, False), (64, False), (400, False), (460, True), (512, True)]
)
def test_a_value_is_near_an_end_on_the_scale_of_its_range(value: ParameterValue, is_near: bool) -> None:
    assert ParameterRange(source="made up", low=8, high=512, log=True).is_near_end(value) == is_near


def test_neither_a_choice_nor_a_range_of_one_value_has_an_end() -> None:
    assert not ParameterRange(source="made up", choices=("a", "b")).is_near_end("a")
    assert not ParameterRange(source="made up", low=3, high=3).is_near_end(3)
