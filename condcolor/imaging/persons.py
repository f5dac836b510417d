"""Which person of a drawing each piece belongs to.

A person is known by a face: a round area of skin, its features included. Every other piece belongs to the
person that it is joined to most closely: by the shortest way from piece to piece, short between parts that
are mostly one person's (skin and shirt) and long between others (shirt and shirt), and by its place.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from condcolor.conditions.parts import PARTS, Part

SEEN = 256  # pixels on the longer side, in which contacts are counted
PERSONAL = ("hair", "shirt", "skin", "trousers", "hat", "shoes")
LEAST_FACE = (
    0.45  # of the largest face's radius; smaller areas of skin are hands, necks and the like
)
WAIST = 0.85  # of the smaller radius; two faces touch, if at all, by less
BELOW = 1.0  # of the radius; skin under a face that is not further to its side is of its person
LEAST_BODY = 0.25  # of the largest person; a figure without a face is a person from here on
CLOSE = 0.5  # of the square root of the smaller piece; a wider contact joins no more
LOOSE = 0.2  # share of that below which a contact counts as this much
ASIDE = 0.8  # weight of the distance to the side of the face, in faces
FAR = 2.0  # weight of a step between parts that are not in STEPS
STEPS = {  # weight of a step from one piece to the next, in faces
    frozenset(pair): weight
    for *pair, weight in (
        ("skin", "skin", 0.5),
        ("hair", "skin", 0.6),
        ("hair", "hair", 1.0),
        ("hat", "hair", 0.5),
        ("hat", "skin", 0.6),
        ("hat", "hat", 0.6),
        ("shirt", "skin", 0.8),
        ("shirt", "shirt", 1.3),
        ("shirt", "trousers", 0.7),
        ("trousers", "trousers", 0.8),
        ("trousers", "shoes", 0.6),
        ("trousers", "skin", 0.8),
        ("shoes", "skin", 0.6),
    )
}


@dataclass(frozen=True)
class _Graph:
    """Pieces and their contacts, in the reduced picture.

    labels: `[h, w]` int. areas, x, y: `[N]` float, of each piece; its center.
    contacts: `(i, j)`, i < j -> pixels.
    """

    labels: np.ndarray
    areas: np.ndarray
    x: np.ndarray
    y: np.ndarray
    contacts: dict[tuple[int, int], int]


def find_persons(
    labels: np.ndarray, part_of: np.ndarray, table: Sequence[Part] = PARTS
) -> np.ndarray:
    """Return the person of each piece, `[N]` int32: from 1, left to right; 0 for what is nobody's.

    Args:
        labels: `[H, W]` int, the piece of each pixel, also under lines.
        part_of: `[N]` int, the index in `table` of each piece.
        table: the parts that the model knows.
    """
    names = [part.name for part in table]
    step = -(-max(labels.shape) // SEEN)
    graph = _graph(labels[::step, ::step], len(part_of))
    personal = _are(part_of, names, PERSONAL) & (graph.areas > 0)
    persons = np.zeros(len(part_of), np.int32)
    if not personal.any():
        return persons
    pairs = [pair for pair in graph.contacts if personal[pair[0]] and personal[pair[1]]]
    faces = _faces(graph, _are(part_of, names, ("skin",)))
    figures = _joined(personal, pairs)
    seeds = [np.flatnonzero(faces == face) for face in range(1, int(faces.max(initial=0)) + 1)]
    has_head = personal & _are(part_of, names, ("hair", "hat"))
    seeds += _faceless(graph, figures, faces, has_head)
    if not seeds:
        seeds = [np.flatnonzero(personal)]
    centers = [np.average(graph.x[seed], weights=graph.areas[seed] + 1e-9) for seed in seeds]
    seeds = [seeds[index] for index in np.argsort(centers)]
    if len(seeds) == 1:
        persons[_are(part_of, names, PERSONAL)] = 1
        return persons
    side = float(np.mean([np.sqrt(graph.areas[seed].sum()) for seed in seeds]))
    ways = _ways(graph, [names[part] for part in part_of], pairs, side)
    costs = np.stack([_costs(graph, ways, seed, side) for seed in seeds])
    persons[personal] = costs[:, personal].argmin(axis=0) + 1
    for person, seed in enumerate(seeds, start=1):
        persons[seed] = person
    return persons


def _are(part_of: np.ndarray, names: Sequence[str], wanted: Collection[str]) -> np.ndarray:
    """Return `[N]` bool: which pieces are of a part that is named in `wanted`."""
    return np.isin(part_of, [index for index, name in enumerate(names) if name in wanted])


def _graph(labels: np.ndarray, count: int) -> _Graph:
    flat = labels.ravel()
    areas = np.bincount(flat, minlength=count).astype(float)
    rows, columns = np.indices(labels.shape)
    divisor = np.maximum(areas, 1)
    x, y = (np.bincount(flat, place.ravel(), count) / divisor for place in (columns, rows))
    contacts: dict[tuple[int, int], int] = {}
    for first, second in ((labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:])):
        apart = first != second
        low = np.minimum(first, second)[apart].astype(np.int64)
        high = np.maximum(first, second)[apart]
        codes, numbers = np.unique(low * count + high, return_counts=True)
        for code, number in zip(codes.tolist(), numbers.tolist(), strict=True):
            pair = divmod(code, count)
            contacts[pair] = contacts.get(pair, 0) + number
    return _Graph(labels, areas, x, y, contacts)


def _joined(wanted: np.ndarray, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Return `[N]` int: the number, from 1, of the group of joined pieces of each; 0 where not `wanted`."""
    root = list(range(len(wanted)))

    def find(piece: int) -> int:
        while root[piece] != piece:
            root[piece] = root[root[piece]]
            piece = root[piece]
        return piece

    for first, second in pairs:
        root[find(first)] = find(second)
    groups = np.zeros(len(wanted), int)
    own = np.flatnonzero(wanted)
    groups[own] = (
        np.unique(np.array([find(int(each)) for each in own], int), return_inverse=True)[1] + 1
    )
    return groups


def _faces(graph: _Graph, skin: np.ndarray) -> np.ndarray:
    """Return the number, from 1, of the face that each piece of skin lies in; 0 for all others."""
    area = ndimage.binary_fill_holes(skin[graph.labels])  # eyes and mouth are holes
    radii = ndimage.distance_transform_edt(np.pad(area, 1))[1:-1, 1:-1]
    peaks = (radii == ndimage.maximum_filter(radii, 5)) & (radii >= LEAST_FACE * radii.max())
    found: list[tuple[float, float, float]] = []  # radius, x, y
    groups = ndimage.label(area)[0]
    for radius, y, x in sorted(
        ((radii[y, x], y, x) for y, x in np.argwhere(peaks & area)), reverse=True
    ):
        waist = ndimage.label(radii > WAIST * radius)[0]
        same = any(
            waist[int(v), int(u)] == waist[y, x]
            or (groups[int(v), int(u)] == groups[y, x] and abs(u - x) < BELOW * r)
            for r, u, v in found
        )
        if not same:
            found.append((float(radius), float(x), float(y)))
    faces = np.zeros(len(skin), int)
    if found:
        apart = np.stack([np.hypot(graph.x - x, graph.y - y) / radius for radius, x, y in found])
        nearest = apart.argmin(axis=0)
        inside = skin & (graph.areas > 0) & (apart.min(axis=0) < 1)
        faces[inside] = nearest[inside] + 1
        used = np.unique(faces[inside])
        faces[inside] = np.searchsorted(used, faces[inside]) + 1
    return faces


def _faceless(
    graph: _Graph, figures: np.ndarray, faces: np.ndarray, heads: np.ndarray
) -> list[np.ndarray]:
    """Return the pieces of each figure that stands apart and has no face, but a head as large as a person's.

    heads: `[N]` bool, the pieces of hair and hats.
    """
    areas = np.bincount(figures, graph.areas)
    areas[0] = 0
    with_face = np.unique(figures[faces > 0])
    largest = areas[with_face].max() if len(with_face) else areas.max(initial=0)
    large = np.flatnonzero(areas >= max(1, LEAST_BODY * largest))
    with_head = np.unique(figures[heads])
    apart = [figure for figure in large if figure not in with_face and figure in with_head]
    return [np.flatnonzero(figures == figure) for figure in apart]


def _ways(
    graph: _Graph, names: Sequence[str], pairs: Sequence[tuple[int, int]], side: float
) -> dict[int, list[tuple[int, float]]]:
    """Return for each piece its neighbors, and the length of the step to each."""
    ways: dict[int, list[tuple[int, float]]] = {}
    for i, j in pairs:
        pair = frozenset((names[i], names[j]))
        apart = float(np.hypot(graph.x[i] - graph.x[j], graph.y[i] - graph.y[j])) / side
        usual = CLOSE * np.sqrt(min(graph.areas[i], graph.areas[j]))
        close = min(1.0, max(LOOSE, graph.contacts[i, j] / max(usual, 1)))
        length = STEPS.get(pair, FAR) * (0.3 + apart) / close
        ways.setdefault(i, []).append((j, length))
        ways.setdefault(j, []).append((i, length))
    return ways


def _costs(
    graph: _Graph, ways: dict[int, list[tuple[int, float]]], seed: np.ndarray, side: float
) -> np.ndarray:
    """Return how far each piece is from a person, `[N]` float, by Dijkstra's shortest ways (1959)."""
    far = np.full(len(graph.areas), 1e6)  # what no way leads to is told by its place
    far[seed] = 0
    queue = [(0.0, int(piece)) for piece in seed]
    while queue:
        cost, piece = heapq.heappop(queue)
        if cost > far[piece]:
            continue
        for other, length in ways.get(piece, ()):
            if cost + length < far[other]:
                far[other] = cost + length
                heapq.heappush(queue, (cost + length, other))
    center = np.average(graph.x[seed], weights=graph.areas[seed] + 1e-9)
    return far + ASIDE * abs(graph.x - center) / side
