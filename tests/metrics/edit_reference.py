"""Edit distance by the plain table of Wagner and Fischer, with all ways that are shortest."""

from __future__ import annotations


def shortest_ways(expected: str, predicted: str) -> set[tuple[int, int, int]]:
    """Return (substitutions, deletions, insertions) of every shortest way from expected to predicted."""
    above: list[set[tuple[int, int, int]]] = [{(0, 0, column)} for column in range(len(predicted) + 1)]
    for row, wanted in enumerate(expected, 1):
        here = [{(0, row, 0)}]
        for column, found in enumerate(predicted, 1):
            ways = {(s + (wanted != found), d, i) for s, d, i in above[column - 1]}
            ways |= {(s, d + 1, i) for s, d, i in above[column]}
            ways |= {(s, d, i + 1) for s, d, i in here[column - 1]}
            least = min(map(sum, ways))
            here.append({way for way in ways if sum(way) == least})
        above = here
    return above[-1]
