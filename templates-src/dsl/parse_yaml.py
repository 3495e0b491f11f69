"""Parses templates with the parsers of the AWS CLI and of cfn-lint.

Reads a JSON list of YAML texts from standard input, writes {"awscli": [document], "cfn-lint": [document]}, both with
the long forms of functions.
"""

import json
import sys

from awscli.customizations.cloudformation.yamlhelper import yaml_parse
from cfnlint.decode.cfn_yaml import loads

texts = json.load(sys.stdin)
json.dump({"awscli": [yaml_parse(text) for text in texts], "cfn-lint": [loads(text) for text in texts]}, sys.stdout)
