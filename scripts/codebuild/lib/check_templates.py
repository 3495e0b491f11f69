"""Checks CloudFormation templates and their parameters: check-templates.sh."""

from __future__ import annotations

import argparse
import json
import os

from command import Command, Option, jobs_option, number, require_folder, run, say
from failure import Failure, fail, fail_usage
from files import work_folder, write_atomically
from program import Ended, in_parallel, run_program
from template_report import Case, cfn_lint_cases, cfn_nag_case, junit
from template_tools import find, install, locked_tools

LIB = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.dirname(LIB)
CFN_LINT, CFN_NAG = locked_tools(SCRIPTS)

COMMAND = Command(
    script="check-templates.sh",
    usage="""check-templates.sh [OPTION...] TEMPLATE...
       check-templates.sh --install [OPTION...]""",
    about=f"""
Checks templates with cfn-lint {CFN_LINT.version} (informational checks too) and cfn-nag {CFN_NAG.version}, and their
parameters: every key of FOLDER/ENVIRONMENT/TEMPLATE.json is declared by the template of that name, and every parameter
without a default is given. Any finding fails, whatever its level. A finding that does not apply is suppressed in the
template, beside the resource, with its reason.

With cfn-lint come two rules of our own, in rules/, which no template can switch off: roles trust services that run or
deploy workloads alone (E9001), and nothing but data outlives its stack (E9002).""",
    options=(
        Option(
            "--parameters-dir",
            "FOLDER",
            "parameters as the stacks get them: the template configurations that publish-packages.sh writes",
            "CONFIGURATION_DIR",
            "configuration",
        ),
        Option(
            "--report", "FILE", "where to write all results as JUnit XML, for CodeBuild's test view", "CHECK_REPORT"
        ),
        Option(
            "--install",
            "",
            "install the tools unless they are there, with pip and gem: in the versions, and with the hashes, of "
            "requirements.txt and gems.sha256; alone, that is all it does",
        ),
        Option(
            *("--tools", "DIR", "folder of the installed tools", "CHECK_TOOLS"),
            default=os.path.join(os.environ.get("HOME") or "/tmp", ".cache", "check-templates"),
            default_words="~/.cache/check-templates",
        ),
        Option(
            "--without-cfn-nag",
            "",
            "leave cfn-nag out, where there is no Ruby; the report shows it as skipped (CHECK_CFN_NAG=no)",
        ),
        jobs_option("how many templates cfn-nag scans at a time", "CHECK_JOBS", 1, "the number of cores"),
    ),
    notes="",
    success="nothing was found",
    failure="something was found or failed",
    arguments="TEMPLATE...",
)


def lint(program: str, templates: list[str], work: str) -> Ended:
    """Let cfn-lint check all templates, in one process since it takes long to start.

    The rules of our own hold whatever a template says in its metadata, and no configuration in the folder or in HOME
    counts.
    """
    configuration = os.path.join(work, "cfnlintrc")
    write_atomically(configuration, "{}\n")
    return run_program(
        *(program, "--config-file", configuration, "--append-rules", os.path.join(SCRIPTS, "rules")),
        *("--mandatory-checks", "E9001", "E9002", "--include-checks", "I", "--format", "json"),
        *("--template", *templates),
    )


def nag(program: str, template: str) -> Ended:
    """Let cfn-nag scan one template.

    Its exit code is the number of rules that found something, and 1 as well when it crashes: what counts is what it
    prints.
    """
    return run_program(program, "--input-path", template, "--fail-on-warnings", "--output-format", "json")


def parameter_cases(python: str, folder: str, templates: list[str]) -> list[Case]:
    """The findings about parameters files. Raises Failure."""
    ended = run_program(python, os.path.join(LIB, "check_parameters.py"), folder, *templates)
    if ended.code != 0:
        raise Failure([ended.stderr.rstrip()], "The parameters could not be checked; see above.")
    return [Case("parameters", path, found) for path, found in json.loads(ended.stdout).items()]


def python_of(cfn_lint: str) -> str:
    """The Python that cfn-lint runs in, which can read templates; a bare Python has no YAML. Raises Failure."""
    with open(cfn_lint, encoding="utf-8", errors="replace") as file:
        line = file.readline().rstrip("\n")
    python = line[2:] if line.startswith("#!") else ""
    try:
        if run_program(python, "-I", "-c", "import cfnlint").code == 0:
            return python
    except OSError:
        pass
    fail(
        f'{cfn_lint} does not say which Python it runs in (found "{python}" on its first line). Install it with '
        "--install."
    )


def check(options: argparse.Namespace, templates: list[str], with_cfn_nag: bool, jobs: int, work: str) -> list[Case]:
    """What every check says. Raises Failure."""
    for template in templates:
        if not os.path.isfile(template):
            fail(f"{template}: found no such file; expected a template.")
    require_folder(options.parameters_dir, "the template configurations (--parameters-dir)")
    cfn_lint = find(CFN_LINT, options.tools)
    python = python_of(cfn_lint)
    if with_cfn_nag:
        program = find(CFN_NAG, options.tools)
        scans = in_parallel(jobs, lambda template: cfn_nag_case(template, nag(program, template)), templates)
    else:
        say("cfn-nag is skipped, because of --without-cfn-nag.")
        scans = [Case("cfn-nag", template, skipped="--without-cfn-nag") for template in templates]
    cases = cfn_lint_cases(templates, lint(cfn_lint, templates, work))
    return [*cases, *scans, *parameter_cases(python, options.parameters_dir, templates)]


def report(cases: list[Case], path: str) -> None:
    """Print what was found, and write it as JUnit XML if there is a path. Raises Failure when there is something."""
    for case in cases:
        for line in [*case.findings, *([f"{case.path}: {case.error}"] if case.error else [])]:
            say(line)
    if path:
        write_atomically(path, junit(cases))
    failed = sum(bool(case.findings or case.error) for case in cases)
    findings = sum(len(case.findings) for case in cases)
    if failed:
        raise Failure([f"{findings} findings; {failed} of {len(cases)} checks failed."])
    skipped = sum(bool(case.skipped) for case in cases)
    say(f"No findings in {len(cases) - skipped} checks" + (f"; {skipped} skipped." if skipped else "."))


def main(options: argparse.Namespace) -> None:
    """Install the tools if asked to, and check the templates that are named."""
    jobs = number("--jobs", options.jobs)
    wanted = os.environ.get("CHECK_CFN_NAG") or "yes"
    if wanted not in ("yes", "no"):
        fail_usage(f'CHECK_CFN_NAG is "{wanted}"; expected yes or no.')
    with_cfn_nag = wanted == "yes" and not options.without_cfn_nag
    templates: list[str] = options.arguments
    if not templates and not options.install:
        fail_usage("No template is named.")
    with work_folder() as work:
        if options.install:
            os.makedirs(options.tools, exist_ok=True)
            options.tools = os.path.realpath(options.tools)
            for tool in (CFN_LINT, CFN_NAG) if with_cfn_nag else (CFN_LINT,):
                install(tool, options.tools, jobs, work)
        if templates:
            report(check(options, templates, with_cfn_nag, jobs, work), options.report)


if __name__ == "__main__":
    run(COMMAND, main)
