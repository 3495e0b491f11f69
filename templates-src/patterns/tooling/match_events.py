"""Tells which events match an EventBridge pattern, by the matcher of the emulated AWS.

Standard input: {"pattern": {...}, "events": [{...}, ...]}; standard output: [true, false, ...].
"""

import json
import sys

from moto.events.models import EventPattern, EventPatternParser

request = json.load(sys.stdin)
text = json.dumps(request["pattern"])
# The parser refuses what EventBridge refuses: scalars, empty lists.
pattern = EventPattern(text, EventPatternParser(text).parse())
json.dump([bool(pattern.matches_event(event)) for event in request["events"]], sys.stdout)
