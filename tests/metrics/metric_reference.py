"""The metrics written from their protocol, one pair at a time: slow, short, easy to check.

The tests compare the kit's metrics with these, and ``benchmarks/metrics.py`` times them.
"""

from __future__ import annotations

from shapely.geometry import Polygon


def valid_polygons(polygons):
    """Return (index, shapely polygon) of those that take part."""
    found = []
    for index, points in enumerate(polygons):
        if len(points) in (1, 2):
            continue
        shape = Polygon(points)
        if shape.is_valid:
            found.append((index, shape))
    return found


def match_page(gt, ignore, pred):
    """Return the matched (gt, pred) indices, the gt indices and the pred indices that count."""
    labelled, predicted = valid_polygons(gt), valid_polygons(pred)
    ignored = [shape for index, shape in labelled if ignore[index]]
    wanted = [(index, shape) for index, shape in labelled if not ignore[index]]
    counted = [
        (index, shape)
        for index, shape in predicted
        if not any(shape.area and region.intersection(shape).area / shape.area > 0.5 for region in ignored)
    ]
    free, pairs = list(counted), []
    for g, region in wanted:
        for p, shape in free:
            union = shape.union(region).area
            if union and shape.intersection(region).area / union > 0.5:
                pairs.append((g, p))
                free.remove((p, shape))
                break
    return pairs, [index for index, _ in wanted], [index for index, _ in counted]


def detection_scores(samples):
    """Return precision, recall and hmean over pages that have ``gt``, ``ignore`` and ``pred``."""
    pages = [match_page(sample.gt, sample.ignore, sample.pred) for sample in samples]
    matched = sum(len(pairs) for pairs, _, _ in pages)
    wanted = sum(len(gt) for _, gt, _ in pages)
    counted = sum(len(pred) for _, _, pred in pages)
    return _scores(matched, counted, wanted)


def edit_distance(left, right):
    """Return the Levenshtein distance by the textbook table."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]


def recognition_scores(pairs):
    """Return acc and norm_edit_dis with spaces left out."""
    texts = [(left.replace(" ", ""), right.replace(" ", "")) for left, right in pairs]
    equal = sum(left == right for left, right in texts)
    distance = sum(
        edit_distance(left, right) / max(len(left), len(right)) for left, right in texts if left or right
    )
    return {"acc": equal / (len(texts) + 1e-5), "norm_edit_dis": 1 - distance / (len(texts) + 1e-5)}


def entity_spans(tags):
    """Return the entities of one page as (class, first, last), token by token, as conlleval reads tags."""
    spans, open_since = set(), None
    before, class_before = "O", None
    for index, tag in enumerate([*tags, "O"]):
        letter, kind = tag[0], tag.partition("-")[2] if "-" in tag else tag[1:]
        other = kind != class_before
        ends = before in "ES" or (before in "BI" and letter in "BSO") or (before != "O" and other)
        if ends:
            spans.add((class_before, open_since, index - 1))
        if letter in "BS" or (before in "OES" and letter in "IE") or (letter != "O" and other):
            open_since = index
        before, class_before = letter, kind
    return spans


def entity_scores(pages):
    """Return precision, recall and hmean over pages of (found, labelled) tags."""
    spans = [(entity_spans(found), entity_spans(labelled)) for found, labelled in pages]
    matched = sum(len(left & right) for left, right in spans)
    return _scores(matched, sum(len(left) for left, _ in spans), sum(len(right) for _, right in spans))


def relation_scores(pages):
    """Return precision, recall and hmean over pages of (found, labelled) pairs."""
    pairs = [(set(found), set(labelled)) for found, labelled in pages]
    matched = sum(len(left & right) for left, right in pairs)
    return _scores(matched, sum(len(left) for left, _ in pairs), sum(len(right) for _, right in pairs))


def _scores(matched, found, labelled):
    precision = matched / found if found else 0.0
    recall = matched / labelled if labelled else 0.0
    both = precision + recall
    return {
        "precision": precision,
        "recall": recall,
        "hmean": 2 * precision * recall / both if both else 0.0,
    }
