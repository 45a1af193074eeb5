"""A judgement as a file for CI: a comment in Markdown, JUnit XML with a case a task, strategy and rule, or JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

from harness.analysis.regression.findings import Outcome
from harness.analysis.regression.gate import Finding, Judgement
from harness.files import to_json
from harness.report import mdtext
from harness.report.gate import cause_lines, flip_lines, report

COMMENT = 60_000
"""Characters of a comment: GitHub refuses one of more than 65,536."""
MOVED = "moved, and does not decide"
MOST_FLIPS = 50
"""Questions shown of one case."""
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold, not even escaped (XML 1.0, 2.2)."""


def junit(judgement: Judgement) -> bytes:
    """A `testsuite` for each task. An inconclusive rule is skipped, or failed under --strict."""
    root = ElementTree.Element("testsuites", name="harness check")
    for task in dict.fromkeys(finding.task for finding in judgement.findings):
        mine = [finding for finding in judgement.findings if finding.task == task]
        suite = ElementTree.SubElement(root, "testsuite", name=_plain(task))
        for finding in mine:
            _case(suite, finding, strict=judgement.strict)
        counts = {
            "tests": len(mine), "failures": len(suite.findall("testcase/failure")), "errors": 0,
            "skipped": len(suite.findall("testcase/skipped")),
        }  # fmt: skip
        suite.attrib |= {name: str(count) for name, count in counts.items()}
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _case(suite: ElementTree.Element, finding: Finding, *, strict: bool) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=_plain(f"{finding.task}.{finding.strategy}"), name=finding.rule
    )
    detail = _plain(finding.detail)
    inconclusive = finding.outcome is Outcome.INCONCLUSIVE
    if finding.counts and (finding.outcome is Outcome.FAIL or (strict and inconclusive)):
        failure = ElementTree.SubElement(case, "failure", message=detail, type=finding.tier)
        lines = [*flip_lines(finding.flips, MOST_FLIPS), *cause_lines(finding)]
        failure.text = _plain("\n".join(lines))
    elif finding.outcome is not Outcome.PASS:
        outcome = MOVED if finding.outcome is Outcome.FAIL else finding.outcome.value
        ElementTree.SubElement(case, "skipped", message=f"{outcome}: {detail}")


def _plain(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


FORMS: dict[str, Callable[[Judgement], bytes]] = {
    ".md": lambda judgement: mdtext.shortened(mdtext.render(report(judgement)), COMMENT).encode(),
    ".xml": junit,
    ".json": lambda judgement: f"{to_json(judgement)}\n".encode(),
}
"""Suffix → what stands in the file: a comment for a pull request or a job summary, JUnit, everything."""
