"""Runs a command on a pseudo-terminal and types at it; for tests.

Usage: terminal_session.fixture.py STEPS COMMAND...

STEPS is JSON: a list of [text to wait for, what to type then]. Prints all that the terminal shows and exits with the
command's exit code; 124 when the command neither goes on nor ends for 30 seconds.
"""

import json
import os
import pty
import select
import sys

TIMEOUT = 30


def main(steps: list[list[str]], command: list[str]) -> int:
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
    shown = b""
    seen = 0
    while True:
        if not select.select([terminal], [], [], TIMEOUT)[0]:
            os.kill(child, 9)
            print(f"{shown.decode()}\nterminal_session.fixture.py: still waiting; left to do: {steps}")
            return 124
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux says that the other side is closed with an error, not with an empty read.
            part = b""
        if not part:
            break
        shown += part
        while steps and (position := shown.find(steps[0][0].encode(), seen)) >= 0:
            awaited, typed = steps.pop(0)
            seen = position + len(awaited.encode())
            os.write(terminal, typed.encode())
    sys.stdout.write(shown.decode())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1]), sys.argv[2:]))
