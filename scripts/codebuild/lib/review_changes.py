"""What approving a deployment lets through, in words, for the approver.

    review_changes.py OPTIONS, a JSON object:
        package       folder of what publish-packages.sh left
        environment   name of the environment
        stack_prefix  what the names of its stacks begin with
        prepared      template whose change set the pipeline has prepared
        change_set    name of that change set
        previewed     templates that are deployed after it; a change set is made of each, looked at, and deleted
        commit        commit that is to be deployed
        record        name of the parameter of Systems Manager that has the commit of the last deployment
        compare       page that compares two commits, with {from} and {to} in their places; empty where there is none
        output        folder to write to

Prints everything, and writes for the message to the approver, a line each: OUTPUT/summary, of at most 600 characters;
OUTPUT/running, the commit that runs there now; OUTPUT/build, which the page of this build is called by. With credentials of a role that may
look at the stacks and prepare change sets called "review", but neither execute one nor touch another. Ends with 1 when
a change set cannot be looked at: what nobody can see, nobody should be asked to approve.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from files import write_atomically
from grants import grants

# A message for approvers has 1,000 characters (CodePipeline API reference, CustomData), and says more than this.
SUMMARY_LIMIT = 600
NAMED = 5  # how many resources of a kind a summary names
PREVIEW = "review"
WAIT_SECONDS = 300
NO_CHANGES = re.compile(r"didn't contain changes|No updates are to be performed")


class ReviewError(Exception):
    """A change set that cannot be looked at."""


class AwsError(Exception):
    """What the AWS CLI said when a call failed."""


def aws(*arguments: str) -> Any:
    """Call the AWS CLI. Raises AwsError."""
    result = subprocess.run(("aws", *arguments, "--output", "json"), capture_output=True, encoding="utf-8")
    if result.returncode != 0:
        raise AwsError(result.stderr.strip())
    return json.loads(result.stdout) if result.stdout.strip() else None


@dataclass
class StackReview:
    """What becomes of one stack."""

    name: str
    #: In a word or two, where there is nothing to list.
    note: str = ""
    replaced: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    widened: list[str] = field(default_factory=list)
    narrowed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def review_prepared(stack: str, change_set: str) -> StackReview:
    """What the prepared change set of a stack does. Raises ReviewError."""
    try:
        return describe(stack, change_set)
    except AwsError as error:
        raise ReviewError(f"{stack}: the change set {change_set} cannot be looked at. {error}") from None


def preview(stack: str, template: str, configuration: str) -> StackReview:
    """What deploying a template does to a stack. Raises ReviewError.

    A change set cannot be prepared by the pipeline itself: it takes the exports of the stacks before, which a new account
    does not have yet.
    """
    try:
        aws("cloudformation", "describe-stacks", "--stack-name", stack)
    except AwsError as error:
        if "does not exist" in str(error):
            return StackReview(stack, note="is new: everything in its template is created")
        raise ReviewError(f"{stack}: cannot be looked at. {error}") from None
    with open(configuration, encoding="utf-8") as file:
        parameters = json.load(file)["Parameters"]
    named = ("--stack-name", stack, "--change-set-name", PREVIEW)
    try:
        # Left behind by a build that was stopped.
        aws("cloudformation", "delete-change-set", *named)
    except AwsError as error:
        if "ChangeSetNotFound" not in str(error):
            raise ReviewError(f"{stack}: an older change set {PREVIEW} cannot be deleted. {error}") from None
    try:
        aws(
            "cloudformation", "create-change-set", *named,
            "--template-body", f"file://{template}",
            "--parameters", json.dumps(
                [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
            ),
            "--capabilities", "CAPABILITY_NAMED_IAM",
        )  # fmt: skip
    except AwsError as error:
        raise ReviewError(f"{stack}: no change set can be made of its template. {error}") from None
    try:
        return describe(stack, PREVIEW)
    finally:
        aws("cloudformation", "delete-change-set", *named)


def describe(stack: str, change_set: str) -> StackReview:
    """What a change set does, once it is there. Raises AwsError and ReviewError."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        answer = aws(
            "cloudformation", "describe-change-set", "--stack-name", stack, "--change-set-name", change_set,
            "--include-property-values",
        )  # fmt: skip
        if answer["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            break
        if time.monotonic() > deadline:
            raise ReviewError(f"{stack}: the change set {change_set} is still {answer['Status']} after 5 minutes.")
        time.sleep(2)
    reason = answer.get("StatusReason") or ""
    if answer["Status"] == "FAILED":
        if NO_CHANGES.search(reason):
            return StackReview(stack, note="does not change")
        if "No export named" in reason:
            # Not the reason: it holds what the commit calls its exports, and the summary asks for an approval.
            return StackReview(stack, note="cannot be previewed: it uses what the stacks before it do not have yet")
        raise ReviewError(f"{stack}: the change set {change_set} failed: {reason}")
    review = StackReview(stack)
    for change in answer.get("Changes", []):
        if change.get("Type") == "Resource":
            add_change(review, change["ResourceChange"])
    if not any((review.replaced, review.removed, review.added, review.changed)):
        review.note = "changes nothing but outputs"
    return review


def add_change(review: StackReview, change: dict[str, Any]) -> None:
    """Sort one change of a resource into a review."""
    name = f"{change['LogicalResourceId']} ({change['ResourceType']})"
    action = change["Action"]
    kept = "Retain" in change.get("PolicyAction", "")
    properties = sorted(
        {
            detail["Target"]["Name"]
            for detail in change.get("Details", [])
            if detail["Target"].get("Attribute") == "Properties"
        }
    )
    if action == "Remove":
        review.removed.append(f"{name}, which stays in the account" if kept else f"{name}, which is deleted")
    elif action == "Modify" and change.get("Replacement") in ("True", "Conditional"):
        may = "may be" if change["Replacement"] == "Conditional" else "is"
        old = "the old one stays" if kept else "the old one is deleted"
        review.replaced.append(f"{name} {may} replaced because of {', '.join(properties) or 'its template'}; {old}")
    elif action == "Add":
        review.added.append(name)
    else:
        review.changed.append(f"{name}: {', '.join(properties) or ', '.join(change.get('Scope', []))}")
    before, after = (_properties(change.get(context)) for context in ("BeforeContext", "AfterContext"))
    for effect, more, less in (("Allow", review.widened, review.narrowed), ("Deny", review.narrowed, review.widened)):
        now, then = (dict(grants(properties, effect)) for properties in (after, before))
        more += [f"{name}: {words}" for grant, words in now.items() if grant not in then]
        less += [f"{name}: no longer {words}" for grant, words in then.items() if grant not in now]


def _properties(context: str | None) -> Any:
    return {} if context is None else json.loads(context).get("Properties", {})


SECTIONS = (
    ("replaced", "Replaced"),
    ("removed", "Removed"),
    ("widened", "Allows more"),
    ("narrowed", "Allows less"),
    ("added", "Added"),
    ("changed", "Changed"),
)


def report(reviews: list[StackReview]) -> str:
    """Everything, most important first."""
    lines: list[str] = []
    for review in reviews:
        lines += ["", review.name + (f" {review.note}" if review.note else "")]
        for attribute, title in SECTIONS:
            entries = getattr(review, attribute)
            lines += [f"  {title}:", *(f"    {entry}" for entry in entries)] if entries else []
    return "\n".join(lines)


def summary(reviews: list[StackReview]) -> str:
    """The most important of it, in one line."""
    parts: list[str] = []
    for attribute, title in SECTIONS[:3]:
        entries = [entry.split(" ")[0].rstrip(":") for review in reviews for entry in getattr(review, attribute)]
        names = list(dict.fromkeys(entries))
        parts.append(f"{title}: {', '.join(names[:NAMED]) or 'nothing'}{', ...' if len(names) > NAMED else '.'}")
    for attribute, title in SECTIONS[4:]:
        count = sum(len(getattr(review, attribute)) for review in reviews)
        parts += [f"{title}: {count}."] if count else []
    text = " ".join([*parts, *(f"{review.name} {review.note}." for review in reviews if review.note)])
    return text if len(text) <= SUMMARY_LIMIT else f"{text[: SUMMARY_LIMIT - 3]}..."


def running_commit(record: str) -> str:
    """The commit that the environment runs; empty where none is on record. Raises ReviewError."""
    try:
        return aws("ssm", "get-parameter", "--name", record)["Parameter"]["Value"]
    except AwsError as error:
        if "ParameterNotFound" in str(error):
            return ""
        raise ReviewError(f"{record}: what runs now cannot be looked up. {error}") from None


def main() -> int:
    """Review what the options name."""
    options = json.loads(sys.argv[1])
    environment, prefix = options["environment"], options["stack_prefix"]
    problems: list[str] = []
    reviews: list[StackReview] = []
    running = ""
    try:
        running = running_commit(options["record"])
    except ReviewError as error:
        problems.append(str(error))
    for template in (options["prepared"], *options["previewed"]):
        try:
            if template == options["prepared"]:
                reviews.append(review_prepared(f"{prefix}{template}", options["change_set"]))
            else:
                path = os.path.join(options["package"], "generated", "environment", f"{template}.yaml")
                configuration = os.path.join(options["package"], "configuration", environment, f"{template}.json")
                reviews.append(preview(f"{prefix}{template}", path, configuration))
        except ReviewError as error:
            problems.append(str(error))
        except AwsError as error:
            problems.append(f"{prefix}{template}: {error}")
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    print(f"What approving commit {options['commit']} does to {environment}, which runs {running or 'nothing yet'}:")
    if running and options["compare"]:
        print(options["compare"].replace("{from}", running).replace("{to}", options["commit"]))
    print(report(reviews))
    write_atomically(os.path.join(options["output"], "summary"), f"{summary(reviews)}\n")
    write_atomically(os.path.join(options["output"], "running"), f"{running or 'nothing yet'}\n")
    # CODEBUILD_BUILD_ID is project:uuid, and the page of a build is called by the second.
    build = os.environ.get("CODEBUILD_BUILD_ID", "").rpartition(":")[2]
    write_atomically(os.path.join(options["output"], "build"), f"{build}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
