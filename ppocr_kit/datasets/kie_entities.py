"""What key information learns of a page, added to what a worker hands over of it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ppocr_kit.datasets.cut_plan import CutPlan
from ppocr_kit.datasets.page_index import PageRecord
from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.key_classes import OTHER
from ppocr_kit.labels.kie_pages import make_kie_page, pack_kie_page
from ppocr_kit.labels.links import FoundLinks, LinkOptions
from ppocr_kit.labels.links_file import PageLinks, find_links_with_people
from ppocr_kit.labels.placement import PlacedRegion
from ppocr_kit.labels.region import LabeledImage


def add_entities(
    record: PageRecord,
    page: LabeledImage,
    placed: Sequence[PlacedRegion],
    people: PageLinks | None,
    plan: CutPlan,
) -> tuple[PageRecord, tuple[Finding, ...]]:
    """Add entities and links to a page; nothing where key information is not wanted.

    They always come from labels and links as they are now, whatever is taken from an older data set.

    Args:
        record: The page without them.
        page: As labelled.
        placed: Its regions that fit the image.
        people: What people linked on it, None where nobody did.
        plan: What is wanted.

    Returns:
        The page with them, and what was found about classes and links.
    """
    kie = plan.kie
    if kie is None:
        return record, ()
    found = FoundLinks(())
    if kie.links:
        found = find_links_with_people(page.regions, people, LinkOptions(kie.pairs))
    learnt, findings = make_kie_page(placed, found, kie.pairs, kie.classes)
    classes = sorted({entity.key_cls for entity in learnt.entities} - {OTHER})
    added = record._replace(
        classes=json.dumps(classes),
        entities=pack_kie_page(learnt),
        links=len(learnt.links),
        by_people=kie.links and people is not None,
    )
    if not (plan.det or plan.rec):
        # rare characters are nothing that a split for key information should depend on
        added = added._replace(characters="")
    return added, (*found.findings, *findings)
