from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.commands.comparison_results import record_path, write_projector
from evaluation.interactions import Interactions


def test_a_title_breaks_neither_line_nor_column_of_the_projectors_files(tmp_path: Path) -> None:
    films = Interactions.from_rows("films", [1, 1, 2], [1, 2, 3])
    films = films.with_titles({1: "a\tb\r\nc", 2: "\u202ed\x1b[31m", 3: "e\u2028f"})
    write_projector({"ials": np.arange(6, dtype=np.float32).reshape(3, 2)}, films, tmp_path)
    lines = (tmp_path / "ials/metadata.tsv").read_text(encoding="utf-8").splitlines()
    assert lines == ["title\tid\tlikes", "a b c\t1\t1", "\ufffdd\ufffd[31m\t2\t1", "e f\t3\t1"]
    assert (tmp_path / "ials/vectors.tsv").read_text().splitlines() == ["0\t1", "2\t3", "4\t5"]


def test_a_hostile_name_stays_inside_the_folder(tmp_path: Path) -> None:
    path = record_path("../../../etc/passwd", tmp_path)
    assert path.parent == tmp_path
    assert path.name.endswith(".comparison.json")
