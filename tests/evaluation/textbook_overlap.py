"""Overlap of ranked lists as the papers define it, with sets, dictionaries and loops."""

from __future__ import annotations

from itertools import combinations, permutations, product

Groups = list[list[int]]  #: a ranking: groups of tied items, best first


def all_orders(groups: Groups) -> list[list[int]]:
    """Every way to break the ties."""
    return [
        [item for group in broken for item in group]
        for broken in product(*(list(map(list, permutations(group))) for group in groups))
    ]


def kendall_distance(a: list[int], b: list[int]) -> float:
    """K^(1/2) by the four cases of Fagin, Kumar & Sivakumar 2003, section 3.1."""
    rank_a, rank_b = {item: i for i, item in enumerate(a)}, {item: i for i, item in enumerate(b)}
    distance = 0.0
    for i, j in combinations(sorted({*a, *b}), 2):
        if {i, j} <= rank_a.keys() and {i, j} <= rank_b.keys():
            distance += (rank_a[i] - rank_a[j]) * (rank_b[i] - rank_b[j]) < 0
        elif {i, j} <= rank_a.keys():
            distance += _one_list_has_both(i, j, rank_a, rank_b)
        elif {i, j} <= rank_b.keys():
            distance += _one_list_has_both(i, j, rank_b, rank_a)
        else:
            distance += 1
    return distance


def _one_list_has_both(i: int, j: int, here: dict[int, int], there: dict[int, int]) -> float:
    if i not in there and j not in there:
        return 0.5
    known, absent = (i, j) if i in there else (j, i)
    return float(here[absent] < here[known])
