"""Compares parameters with what the templates declare. Runs in cfn-lint's Python, which can read templates.

    check_parameters.py PARAMETERS_DIR TEMPLATE...

Prints a JSON object: each file PARAMETERS_DIR/<environment>/<template>.json with the list of what is wrong with it.
"""

from __future__ import annotations

import difflib
import json
import os
import sys
from glob import escape as glob_escape
from glob import glob
from pathlib import Path

from cfnlint.decode import decode
from configuration import read_parameters
from failure import Failure


def problems_of(path: str, templates: dict[str, str]) -> list[str]:
    """What is wrong with one parameters file. `templates`: their paths by name."""
    name = Path(path).stem
    if name not in templates:
        return [f"{path}: there is no template {name} among those that are checked ({', '.join(sorted(templates))})."]
    template_path = templates[name]
    template, errors = decode(template_path)
    if errors or template is None:
        return [f"{path}: its template {template_path} cannot be read; cfn-lint says why."]
    declared = template.get("Parameters") or {}
    try:
        # In the pipeline these are configurations, with what packaging has added.
        given = read_parameters(path, "StackPolicy")
    except Failure as error:
        return error.problems
    return [f"{path}: {_undeclared(key, template_path, list(declared))}" for key in given if key not in declared] + [
        f"{path}: {key} is missing; {template_path} declares it without a default."
        for key, parameter in declared.items()
        if key not in given and "Default" not in parameter
    ]


def _undeclared(key: str, template_path: str, declared: list[str]) -> str:
    similar = difflib.get_close_matches(key, declared, 1)
    meant = f" Did you mean {similar[0]}?" if similar else ""
    return f"{key} is not a parameter of {template_path}; CodePipeline refuses keys that the template lacks.{meant}"


def main() -> int:
    """Check the files; see the head of this file."""
    parameters_directory, *template_paths = sys.argv[1:]
    templates = {Path(path).stem: path for path in template_paths}
    files = sorted(glob(os.path.join(glob_escape(parameters_directory), "*", "*.json")))
    if not files:
        expected = os.path.join(parameters_directory, "<environment>", "<template>.json")
        print(f"{parameters_directory}: found no parameters; expected files {expected}.", file=sys.stderr)
        return 1
    json.dump({path: problems_of(path, templates) for path in files}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
