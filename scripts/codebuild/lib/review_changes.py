"""What approving a deployment lets through, in words, for the approver: review-changes.sh.

With credentials of a role that may look at the stacks and prepare change sets called "review", but neither execute one
nor touch another. What nobody can see, nobody is asked to approve.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from dataclasses import dataclass, field
from typing import Any

from aws import NEEDS, Aws, AwsError, account_of_role, assume_role
from command import Command, Option, run, say
from failure import Failure
from files import read_json
from grants import grants
from program import pause
from review import conclusion, shortened, write_lines

COMMAND = Command(
    script="review-changes.sh",
    usage="review-changes.sh --environment NAME --stack-prefix PREFIX --role-arn ARN --output DIR [OPTION...]",
    about="""
Says what a deployment to an environment would do to each of its stacks, for somebody who has to approve it: what is
replaced and removed, which permissions become wider and narrower, what is added and changed. Of the stack whose change
set the pipeline has prepared, it describes that; of the others it makes change sets called "review", describes and
deletes them. Nothing is deployed.

Writes for the message to the approver, a line each:

  DIR/summary   the most important of it, in at most 600 characters
  DIR/running   the commit that the environment runs now
  DIR/build     the id of the build that this runs in, without its project""",
    options=(
        Option("--package", "DIR", "what publish-packages.sh wrote", "PACKAGE", "."),
        Option("--environment", "NAME", "environment", "ENVIRONMENT_NAME", required=True),
        Option(
            *("--stack-prefix", "PREFIX", "what the names of its stacks begin with, as in <project>-prod-"),
            "STACK_PREFIX",
            required=True,
        ),
        Option(*("--role-arn", "ARN", "role to assume in the environment's account", "REVIEW_ROLE_ARN"), required=True),
        Option("--prepared", "TEMPLATE", "template whose change set is prepared", "PREPARED", "infrastructure"),
        Option("--change-set", "NAME", "its name", "CHANGE_SET", "pipeline"),
        Option("--previewed", '"A B ..."', "templates that are deployed after it", "PREVIEWED"),
        Option("--commit", "ID", "commit that is to be deployed", "COMMIT", required=True),
        Option(
            *("--record", "NAME", "parameter of Systems Manager that has the commit of the last deployment"),
            "COMMIT_RECORD",
            required=True,
        ),
        Option("--compare", "URL", "page that compares commits, with {from} and {to} in their places", "COMPARE_URL"),
        Option("--output", "DIR", "where to write", "REVIEW_OUTPUT", required=True),
    ),
    notes=f"""Needs {NEEDS} and Python 3. The caller may sts:AssumeRole on the role; the role may
cloudformation:DescribeStacks and cloudformation:DescribeChangeSet on the stacks, cloudformation:CreateChangeSet and
cloudformation:DeleteChangeSet of the name "review" on those that are previewed, and ssm:GetParameter on the record.""",
    success="everything could be looked at",
    failure="something could not",
)

NAMED = 5  # how many resources of a kind a summary names
PREVIEW = "review"
WAIT_SECONDS = 300
PAUSE_SECONDS = 2
NO_CHANGES = re.compile(r"didn't contain changes|No updates are to be performed")


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


def review_prepared(aws: Aws, stack: str, change_set: str) -> StackReview:
    """What the prepared change set of a stack does. Raises Failure."""
    try:
        return describe(aws, stack, change_set)
    except AwsError as error:
        raise Failure([f"{stack}: the change set {change_set} cannot be looked at. {error}"]) from None


def preview(aws: Aws, stack: str, template: str, configuration: str) -> StackReview:
    """What deploying a template does to a stack. Raises AwsError and Failure.

    A change set cannot be prepared by the pipeline itself: it takes the exports of the stacks before, which a new
    account does not have yet.
    """
    try:
        aws("cloudformation", "describe-stacks", "--stack-name", stack)
    except AwsError as error:
        if "does not exist" in str(error):
            return StackReview(stack, note="is new: everything in its template is created")
        raise Failure([f"{stack}: cannot be looked at. {error}"]) from None
    parameters = read_json(configuration)["Parameters"]
    named = ("--stack-name", stack, "--change-set-name", PREVIEW)
    try:
        # Left behind by a build that was stopped.
        aws("cloudformation", "delete-change-set", *named)
    except AwsError as error:
        if "ChangeSetNotFound" not in str(error):
            raise Failure([f"{stack}: an older change set {PREVIEW} cannot be deleted. {error}"]) from None
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    try:
        aws(
            *("cloudformation", "create-change-set", *named, "--template-body", f"file://{template}"),
            *("--parameters", json.dumps(given), "--capabilities", "CAPABILITY_NAMED_IAM"),
        )
    except AwsError as error:
        raise Failure([f"{stack}: no change set can be made of its template. {error}"]) from None
    try:
        return describe(aws, stack, PREVIEW)
    finally:
        aws("cloudformation", "delete-change-set", *named)


def describe(aws: Aws, stack: str, change_set: str) -> StackReview:
    """What a change set does, once it is there. Raises AwsError and Failure."""
    for _ in range(WAIT_SECONDS // PAUSE_SECONDS):
        answer = aws(
            *("cloudformation", "describe-change-set", "--stack-name", stack, "--change-set-name", change_set),
            "--include-property-values",
        )
        if answer["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            break
        pause(PAUSE_SECONDS)
    else:
        raise Failure([f"{stack}: the change set {change_set} is still {answer['Status']} after 5 minutes."])
    reason = answer.get("StatusReason") or ""
    if answer["Status"] == "FAILED":
        if NO_CHANGES.search(reason):
            return StackReview(stack, note="does not change")
        if "No export named" in reason:
            # Not the reason: it holds what the commit calls its exports, and the summary asks for an approval.
            return StackReview(stack, note="cannot be previewed: it uses what the stacks before it do not have yet")
        raise Failure([f"{stack}: the change set {change_set} failed: {reason}"])
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
    return shortened(text)


def running_commit(aws: Aws, record: str) -> str:
    """The commit that the environment runs; empty where none is on record. Raises Failure."""
    try:
        commit: str = aws("ssm", "get-parameter", "--name", record)["Parameter"]["Value"]
        return commit
    except AwsError as error:
        if "ParameterNotFound" in str(error):
            return ""
        raise Failure([f"{record}: what runs now cannot be looked up. {error}"]) from None


def review_all(role: Aws, options: argparse.Namespace) -> tuple[str, list[StackReview]]:
    """The commit that runs, and what becomes of each stack. Raises Failure with everything that cannot be seen."""
    problems: list[str] = []
    reviews: list[StackReview] = []
    running = ""
    try:
        running = running_commit(role, options.record)
    except Failure as error:
        problems += error.problems
    for template in (options.prepared, *options.previewed.split()):
        stack = f"{options.stack_prefix}{template}"
        try:
            if template == options.prepared:
                reviews.append(review_prepared(role, stack, options.change_set))
            else:
                path = os.path.join(options.package, "generated", "environment", f"{template}.yaml")
                configuration = os.path.join(options.package, "configuration", options.environment, f"{template}.json")
                reviews.append(preview(role, stack, path, configuration))
        except Failure as error:
            problems += error.problems
        except AwsError as error:
            problems.append(f"{stack}: {error}")
    if problems:
        raise Failure(problems, conclusion(options.environment))
    return running, reviews


def main(options: argparse.Namespace, aws: Aws) -> None:
    """Review what the options name."""
    account_of_role(options.role_arn)
    aws.check()
    role = assume_role(aws, options.environment, options.role_arn, "review")
    running, reviews = review_all(role, options)
    now = running or "nothing yet"
    say(f"What approving commit {options.commit} does to {options.environment}, which runs {now}:")
    if running and options.compare:
        say(options.compare.replace("{from}", running).replace("{to}", options.commit))
    say(report(reviews))
    write_lines(options.output, {"summary": summary(reviews), "running": now})


if __name__ == "__main__":
    run(COMMAND, lambda options: main(options, Aws()))
