"""What cfn-lint and cfn-nag say, gathered, and as JUnit XML."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from xml.etree import ElementTree

from program import Ended

# What XML 1.0 cannot hold at all, not even escaped.
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass
class Case:
    """What one check says of one file. `error`: the tool did not finish. `skipped`: why it did not run."""

    check: str
    path: str
    findings: list[str] = field(default_factory=list)
    error: str = ""
    skipped: str = ""


def cfn_lint_cases(templates: list[str], ended: Ended) -> list[Case]:
    """The findings of cfn-lint by template."""
    cases = {path: Case("cfn-lint", path) for path in templates}
    try:
        for match in json.loads(ended.stdout):
            start = match["Location"]["Start"]
            place = f"{match['Filename']}:{start['LineNumber']}:{start['ColumnNumber']}"
            finding = f"{place}: {match['Level']} {match['Rule']['Id']}: {match['Message']}"
            # A finding about cfn-lint's own configuration has no file name.
            cases.get(match["Filename"], cases[templates[0]]).findings.append(finding)
    except (ValueError, KeyError, TypeError):
        return [Case("cfn-lint", path, error=_not_finished("cfn-lint", ended)) for path in templates]
    return list(cases.values())


def cfn_nag_case(path: str, ended: Ended) -> Case:
    """The findings of cfn-nag about one template."""
    case = Case("cfn-nag", path)
    try:
        results = json.loads(ended.stdout)
        # It scans by file name extension, and says nothing of a file that it passes over.
        if [result["filename"] for result in results] != [path]:
            raise ValueError("another file was scanned")
        for violation in results[0]["file_results"]["violations"]:
            resources = violation.get("logical_resource_ids") or []
            lines = [str(line) for line in violation.get("line_numbers") or []]
            place = ":".join([path, *lines[:1]])
            at = f" ({', '.join(resources)})" if resources else ""
            case.findings.append(f"{place}: {violation['type']} {violation['id']}: {violation['message']}{at}")
    except (ValueError, KeyError, TypeError, AttributeError):
        case.findings = []
        case.error = _not_finished("cfn-nag", ended)
    return case


def junit(cases: list[Case]) -> str:
    """The cases as JUnit XML, a test suite for each check."""
    root = ElementTree.Element("testsuites")
    for check in dict.fromkeys(case.check for case in cases):
        own = [case for case in cases if case.check == check]
        counts = {
            "tests": len(own),
            "failures": sum(bool(case.findings) for case in own),
            "errors": sum(bool(case.error) for case in own),
            "skipped": sum(bool(case.skipped) for case in own),
        }
        suite = ElementTree.SubElement(root, "testsuite", {"name": check, **{k: str(v) for k, v in counts.items()}})
        for case in own:
            element = ElementTree.SubElement(suite, "testcase", {"classname": check, "name": _xml(case.path)})
            if case.findings:
                failure = ElementTree.SubElement(element, "failure", {"message": _xml(case.findings[0])})
                failure.text = _xml("\n".join(case.findings))
            if case.error:
                ElementTree.SubElement(element, "error", {"message": f"{check} did not finish"}).text = _xml(case.error)
            if case.skipped:
                ElementTree.SubElement(element, "skipped", {"message": case.skipped})
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _xml(text: str) -> str:
    return NOT_IN_XML.sub("\ufffd", text)


def _not_finished(check: str, ended: Ended) -> str:
    return f"{check} did not finish. It said: {ended.stderr.strip()[-2000:] or 'nothing'}"
