"""Small dense systems compared with NumPy, at sizes that fill their tiles and sizes that do not."""

from __future__ import annotations

import numpy as np
import pytest

from models.kernels.linear_algebra import add_row_products, cholesky, move_beyond, solve_cholesky, turn_rows

SIZES = [*range(1, 10), 16, 31, 64, 119]


def room(n: int) -> int:
    return n + 4


@pytest.mark.parametrize("length", [1, 5, 16, 119])
def test_row_products_are_added_below_the_diagonal(length: int) -> None:
    for n in SIZES:
        rng = np.random.default_rng(n)
        rows = rng.standard_normal((room(n), length + 3)).astype(np.float32)
        out = rng.standard_normal((room(n), room(n))).astype(np.float32)
        exact = rows[:n, :length].astype(np.float64)
        expected = out[:n, :n] + exact @ exact.T
        add_row_products(rows, n, length, out)
        lower = np.tril_indices(n)
        np.testing.assert_allclose(out[:n, :n][lower], expected[lower], atol=1e-4, err_msg=f"{n} rows")


def positive_definite(n: int, smallest: float = 0.5) -> np.ndarray:
    basis = np.linalg.qr(np.random.default_rng(n).standard_normal((n, n)))[0]
    matrix = np.full((room(n), room(n)), np.nan, np.float32)
    matrix[:n, :n] = (basis * np.linspace(smallest, 3, n)) @ basis.T
    return matrix


@pytest.mark.parametrize("n", SIZES)
def test_factors_and_solutions_equal_numpys(n: int) -> None:
    matrix = positive_definite(n)
    factor = np.linalg.cholesky(matrix[:n, :n].astype(np.float64))
    b = np.random.default_rng(1).standard_normal(n).astype(np.float32)
    expected = np.linalg.solve(matrix[:n, :n].astype(np.float64), b)
    cholesky(matrix, n)
    np.testing.assert_allclose(np.tril(matrix[:n, :n]), factor, atol=1e-4)
    solve_cholesky(matrix, n, b)
    np.testing.assert_allclose(b, expected, atol=1e-4 * np.abs(expected).max())


def test_directions_lost_to_rounding_are_left_out() -> None:
    matrix = np.zeros((room(3), room(3)), np.float32)
    matrix[:3, :3] = [[4, 4, 0], [4, 4, 0], [0, 0, 2]]  # the second row repeats the first
    b = np.array([2, 2, 6], np.float32)
    cholesky(matrix, 3)
    solve_cholesky(matrix, 3, b)
    assert b.tolist() == pytest.approx([1 / 2, 0, 3])


@pytest.mark.parametrize("k", [1, 2, 16, 37])
def test_rows_are_rotated_in_place(k: int) -> None:
    for n in (1, 2, 3, 4, 131, 300):
        rng = np.random.default_rng(n)
        rows, axes = rng.standard_normal((n, k)).astype(np.float32), rng.standard_normal((k, k)).astype(np.float32)
        expected = rows @ axes.T
        turn_rows(rows, axes)
        np.testing.assert_allclose(rows, expected, atol=1e-4, err_msg=f"{n} rows")


def test_rows_move_beyond_their_goals_by_a_share_of_the_way() -> None:
    rows, goals = np.array([[1, 2], [0, 0]], np.float32), np.array([[3, 2], [-1, 4]], np.float32)
    move_beyond(rows, goals, np.float32(0.5))
    assert rows.tolist() == [[3 + 0.5 * 2, 2], [-1 - 0.5 * 1, 4 + 0.5 * 4]]
    move_beyond(rows, goals, np.float32(0))
    assert (rows == goals).all()
