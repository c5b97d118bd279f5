"""Spark's ALS, for likes that do not fit on one machine: Spark fits the vectors, this process scores with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from models.config_checks import check_at_least_one, check_choice, check_not_negative, check_positive
from models.factor_model import FactorModel
from models.row_solvers import RowSolver, principal_axes, rotated
from models.spark_session import spark_session, work_folder

__all__ = ["Feedback", "SparkALS", "SparkALSConfig"]

Feedback = Literal["implicit", "explicit"]
#: likes in each row group of the file for Spark, which reads row groups in parallel
_LIKES_A_GROUP = 1 << 20
#: likes in each block; a block is a task in every half-step, which takes milliseconds even for few likes
_LIKES_A_BLOCK = 100_000
_BLOCKS = 2, 10  #: least and most blocks; 10 is Spark's default
#: iterations between checkpoints; Spark's scheduler recurses through them, and 20 overflow its stack
_CHECKPOINT_INTERVAL = 5


@dataclass(frozen=True, kw_only=True)
class SparkALSConfig:
    """Hyperparameters of Spark's ALS; the only place where their defaults are written."""

    n_factors: int = 64  #: length of a user's or an item's vector; Spark's rank
    n_iterations: int = 10  #: passes over the items and the users; Spark's maxIter
    reg: float = 0.1  #: L2 penalty, times the number of likes of the row; Spark's regParam
    alpha: float = 1.0  #: implicit: how much a like's confidence grows with its weight
    feedback: Feedback = "implicit"  #: implicit: weights are confidences; explicit: weights are predicted
    n_blocks: int | None = None  #: blocks of users and of items; None: one for 100,000 likes, 2 to 10

    def __post_init__(self) -> None:
        check_at_least_one(self, "n_factors", "n_iterations")
        if self.n_blocks is not None:
            check_at_least_one(self, "n_blocks")
        check_positive(self, "reg")
        check_not_negative(self, "alpha")
        check_choice(self, "feedback", get_args(Feedback))


class SparkALS(FactorModel[SparkALSConfig]):
    """``pyspark.ml.recommendation.ALS``: the objectives of Hu, Koren & Volinsky 2008 and of Zhou et al. 2008.

    ``implicit`` minimises  sum_{likes} c_ui (1 - x_u.y_i)^2 + sum_{other pairs} (x_u.y_i)^2, c = 1 + alpha r,
    ``explicit``  sum_{likes} (r_ui - x_u.y_i)^2,  both with + reg (sum_u N_u |x_u|^2 + sum_i N_i |y_i|^2).

    Likes and vectors are exchanged with Spark as Parquet files in the folder that the environment variable
    ``MFBENCH_SPARK_FOLDER`` names; by default in the folder for temporary files, which is sufficient for a ``local``
    master. On one machine the same seed gives the same vectors; a cluster sums them in varying order. Cold-start users
    are folded in by this process, with the exact solver.
    """

    name = "spark_als"
    config_type = SparkALSConfig
    divides_itself = "--spark-master local[*] or spark://host:7077"

    def _epochs(self, train: sp.csr_array) -> Iterator[int]:
        if self.config.feedback == "implicit" and train.nnz and train.data.min() <= 0:
            raise ValueError(f"weights must be positive, got {train.data.min()}; leave out what is not liked")
        session = spark_session()
        with work_folder(session) as folder:
            self._fit_in_spark(session, train, Path(folder))
        yield 1

    def _fit_in_spark(self, session: Any, train: sp.csr_array, folder: Path) -> None:
        from pyspark.ml.recommendation import ALS

        config = self.config
        n_blocks = config.n_blocks or int(np.clip(train.nnz // _LIKES_A_BLOCK, *_BLOCKS))
        _write_likes(train, folder / "likes.parquet")
        likes = session.read.parquet((folder / "likes.parquet").as_uri())
        fitted = ALS(
            rank=config.n_factors,
            maxIter=config.n_iterations,
            regParam=config.reg,
            implicitPrefs=config.feedback == "implicit",
            alpha=config.alpha,
            seed=self.seed,
            numUserBlocks=n_blocks,
            numItemBlocks=n_blocks,
            checkpointInterval=_CHECKPOINT_INTERVAL,
            ratingCol="weight",
        ).fit(likes)
        for name, vectors, n in (
            ("user", fitted.userFactors, train.shape[0]),
            ("item", fitted.itemFactors, train.shape[1]),
        ):
            vectors.write.parquet((folder / name).as_uri())
            setattr(self, f"{name}_factors", _read_vectors(folder / name, n, config.n_factors))

    def _fold_in(self, histories: sp.csr_array) -> NDArray[np.float32]:
        spectrum, axes = principal_axes(self.item_factors)
        values, slope, intercept, unobserved = histories.data, 0.0, 1.0, 0.0
        if self.config.feedback == "implicit":
            values, slope, intercept, unobserved = 1 + np.float32(self.config.alpha) * values, 1.0, -1.0, 1.0
        solver = RowSolver(
            solver="cholesky", slope=slope, intercept=intercept, tolerance=1.0, block_size=1, threads=self.threads
        )
        vectors = solver.solve(
            sp.csr_array((values, histories.indices, histories.indptr), shape=histories.shape),
            rotated(self.item_factors, axes),
            spectrum=np.float32(unobserved) * spectrum,
            reg=self.config.reg * np.diff(histories.indptr).astype(np.float64),
            start=np.zeros((histories.shape[0], self.config.n_factors), np.float32),
        )
        return rotated(vectors, np.ascontiguousarray(axes.T))


def _write_likes(train: sp.csr_array, path: Path) -> None:
    """Write user, item and weight of every like to a Parquet file, a row group at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([("user", pa.int32()), ("item", pa.int32()), ("weight", pa.float32())])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, max(1, train.nnz), _LIKES_A_GROUP):
            part = slice(start, start + _LIKES_A_GROUP)
            n = len(train.indices[part])
            users = np.searchsorted(train.indptr, np.arange(start, start + n), side="right") - 1
            columns = users.astype(np.int32), train.indices[part].astype(np.int32, copy=False), train.data[part]
            writer.write_table(pa.table([pa.array(column) for column in columns], schema=schema))


def _read_vectors(folder: Path, n: int, n_factors: int) -> NDArray[np.float32]:
    """Return the vectors that Spark wrote, (n, n_factors), ordered by id; those without likes are zeros."""
    import pyarrow.parquet as pq

    vectors = np.zeros((n, n_factors), np.float32)
    for path in sorted(folder.glob("*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches():
            flat = batch.column("features").flatten().to_numpy()
            vectors[batch.column("id").to_numpy()] = flat.reshape(-1, n_factors)
    return vectors
