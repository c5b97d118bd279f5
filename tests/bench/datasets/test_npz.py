"""Sparse matrices and lists of items in .npz files."""

import numpy as np
import pytest
import scipy.sparse as sp

from bench.datasets import DataError, DataOptions, load, load_validation
from bench.datasets.files import DataFile
from bench.datasets.lists import read_lists, write_lists

DENSE = np.array([[3, 0, 1, 0], [0, 0, 0, 0], [2, 0, 5, 4]])


@pytest.fixture
def save(tmp_path):
    def save(**arrays):
        path = tmp_path / "data.npz"
        np.savez(path, **arrays)
        return str(path)

    return save


def objects(*lists):
    array = np.empty(len(lists), dtype=object)
    array[:] = lists
    return array


@pytest.mark.parametrize("form", ["csr", "csc", "coo"])
@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8])
def test_sparse_matrix_keeps_its_weights_and_its_row_and_column_numbers(tmp_path, form, dtype):
    path = tmp_path / "data_train.npz"
    sp.save_npz(path, sp.csr_array(DENSE.astype(dtype)).asformat(form))
    interactions = load(DataOptions(data=str(path)))
    assert interactions.user_ids.tolist() == [0, 2]
    assert interactions.item_ids.tolist() == [0, 2, 3]
    assert interactions.matrix.toarray().tolist() == [[3, 1, 0], [2, 5, 4]]
    assert interactions.source.notes == ("1 rows and 1 columns of the matrix are empty",)


def test_unsorted_repeated_and_zero_entries_are_repaired_and_counted(save):
    path = save(format="csr", shape=[2, 3], indptr=[0, 4, 5], indices=[2, 0, 2, 1, 1], data=np.array([1.0, 2, 3, 0, 4]))
    interactions = load(DataOptions(data=path))
    assert interactions.matrix.toarray().tolist() == [[2, 0, 4], [0, 4, 0]]
    assert interactions.source.dropped == {"weight of 0": 1, "repeated pair, added to the first one": 1}
    assert interactions.source.notes == ("the indices of the matrix were not in order, and have been sorted",)


def test_top_items_and_sampled_users_are_those_of_a_plain_reference(tmp_path):
    matrix = sp.random_array((400, 200), density=0.05, rng=np.random.default_rng(1), format="csr")
    matrix.data = np.ceil(matrix.data * 9)
    path = tmp_path / "data_train.npz"
    sp.save_npz(path, matrix)
    interactions = load(DataOptions(data=str(path), top_items=0.05, sample_users=0.5))
    item_weights = matrix.sum(axis=0)
    top = np.argsort(-item_weights, kind="stable")[: int((item_weights > 0).sum() * 0.05)]
    assert set(interactions.item_ids) <= set(top.tolist())
    expected = matrix[interactions.user_ids][:, interactions.item_ids]
    assert (interactions.matrix != expected).nnz == 0
    assert interactions.n_users <= 200


LISTS = {
    "padded": {"train_ids": np.array([[4, 7], [9, -1], [7, 4]]), "valid_ids": np.array([[9, -1], [4, 8], [-1, -1]])},
    "ragged": {
        "train_ids": np.array([4, 7, 9, 7, 4]),
        "train_offsets": np.array([0, 2, 3, 5]),
        "valid_ids": np.array([9, 4, 8]),
        "valid_offsets": np.array([0, 1, 3, 3]),
    },
    "objects": {"train_ids": objects([4, 7], [9], [7, 4]), "valid_ids": objects([9], [4, 8], [])},
}


@pytest.mark.parametrize("form", LISTS)
def test_lists_become_training_likes_and_the_authors_validation(save, form):
    options = DataOptions(data=save(**LISTS[form]), trust_pickle=form == "objects")
    interactions = load(options)
    assert interactions.item_ids.tolist() == [4, 7, 9]
    assert interactions.matrix.toarray().tolist() == [[1, 1, 0], [0, 0, 1], [1, 1, 0]]
    validation = load_validation(options, interactions)
    assert validation.likes.toarray().tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 0]]
    assert validation.n_held_out.tolist() == [1, 2, 0]
    assert validation.n_from_cold_start_users == 0


def test_validation_likes_of_users_without_training_are_counted(save):
    options = DataOptions(data=save(train_ids=np.array([[4], [-1], [5]]), valid_ids=np.array([[5], [4], [4]])))
    validation = load_validation(options, load(options))
    assert validation.likes.toarray().tolist() == [[0, 1], [1, 0]]
    assert validation.n_from_cold_start_users == 1


def test_data_without_a_split_has_no_validation(write):
    options = DataOptions(data=write("user,item\n1,1\n2,2\n"))
    assert load_validation(options, load(options)) is None
    assert load_validation(DataOptions(), load(DataOptions())) is None


def test_object_arrays_are_not_unpickled_unless_trusted(save):
    path = save(**LISTS["objects"])
    with pytest.raises(DataError, match=r"unpickling them can run code.*--trust-pickle"):
        load(DataOptions(data=path))


def test_converted_lists_are_the_same_and_need_no_trust(save, tmp_path):
    lists = read_lists(DataFile(tmp_path / "data.npz"), trust_pickle=True) if save(**LISTS["objects"]) else None
    write_lists(tmp_path / "safe.npz", lists)
    converted = read_lists(DataFile(tmp_path / "safe.npz"), trust_pickle=False)
    for part in ("train", "valid"):
        before, after = getattr(lists, part), getattr(converted, part)
        assert before.ids.tolist() == after.ids.tolist()
        assert before.offsets.tolist() == after.offsets.tolist()
