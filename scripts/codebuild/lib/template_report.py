"""Gathers what check-templates.sh found, prints it, and writes it as JUnit XML.

    template_report.py WORK_DIR REPORT WITH_CFN_NAG TEMPLATE...

WORK_DIR holds the output of the tools: cfn-lint.json and .error, cfn-nag-<index>.json and .error for each template,
parameters.json. REPORT may be empty. Ends with 1 when there is any finding or a tool did not finish.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from files import write_atomically

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


def cfn_lint_cases(work: Path, templates: list[str]) -> list[Case]:
    """The findings of cfn-lint by template."""
    cases = {path: Case("cfn-lint", path) for path in templates}
    try:
        for match in json.loads((work / "cfn-lint.json").read_text(encoding="utf-8")):
            start = match["Location"]["Start"]
            place = f"{match['Filename']}:{start['LineNumber']}:{start['ColumnNumber']}"
            finding = f"{place}: {match['Level']} {match['Rule']['Id']}: {match['Message']}"
            # A finding about cfn-lint's own configuration has no file name.
            cases.get(match["Filename"], cases[templates[0]]).findings.append(finding)
    except (ValueError, KeyError, TypeError):
        error = _not_finished("cfn-lint", work / "cfn-lint.error")
        return [Case("cfn-lint", path, error=error) for path in templates]
    return list(cases.values())


def cfn_nag_cases(work: Path, templates: list[str], with_cfn_nag: bool) -> list[Case]:
    """The findings of cfn-nag by template."""
    if not with_cfn_nag:
        return [Case("cfn-nag", path, skipped="--without-cfn-nag") for path in templates]
    return [_cfn_nag_case(work, index, path) for index, path in enumerate(templates)]


def _cfn_nag_case(work: Path, index: int, path: str) -> Case:
    case = Case("cfn-nag", path)
    try:
        results = json.loads((work / f"cfn-nag-{index}.json").read_text(encoding="utf-8"))
        # It scans by file name extension, and says nothing of a file that it passes over.
        if [result["filename"] for result in results] != [path]:
            raise ValueError("another file was scanned")
        for violation in results[0]["file_results"]["violations"]:
            resources = violation.get("logical_resource_ids") or []
            lines = [str(line) for line in violation.get("line_numbers") or []]
            place = ":".join([path, *lines[:1]])
            at = f" ({', '.join(resources)})" if resources else ""
            case.findings.append(f"{place}: {violation['type']} {violation['id']}: {violation['message']}{at}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        case.findings = []
        case.error = _not_finished("cfn-nag", work / f"cfn-nag-{index}.error")
    return case


def parameter_cases(work: Path) -> list[Case]:
    """The findings of check_parameters.py by parameters file."""
    problems = json.loads((work / "parameters.json").read_text(encoding="utf-8"))
    return [Case("parameters", path, found) for path, found in problems.items()]


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


def _not_finished(check: str, error_file: Path) -> str:
    said = error_file.read_text(encoding="utf-8", errors="replace").strip() if error_file.exists() else ""
    return f"{check} did not finish. It said: {said[-2000:] or 'nothing'}"


def main() -> int:
    """Report; see the head of this file."""
    work = Path(sys.argv[1])
    report, with_cfn_nag, templates = sys.argv[2], sys.argv[3] == "yes", sys.argv[4:]
    cases = [
        *cfn_lint_cases(work, templates),
        *cfn_nag_cases(work, templates, with_cfn_nag),
        *parameter_cases(work),
    ]
    for case in cases:
        for line in [*case.findings, *([f"{case.path}: {case.error}"] if case.error else [])]:
            print(line)
    if report:
        write_atomically(report, junit(cases))
    failed = sum(bool(case.findings or case.error) for case in cases)
    findings = sum(len(case.findings) for case in cases)
    if failed:
        print(f"{findings} findings; {failed} of {len(cases)} checks failed.", file=sys.stderr)
        return 1
    skipped = sum(bool(case.skipped) for case in cases)
    print(f"No findings in {len(cases) - skipped} checks" + (f"; {skipped} skipped." if skipped else "."))
    return 0


if __name__ == "__main__":
    sys.exit(main())
