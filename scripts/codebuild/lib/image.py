"""Writes image.json: what build-image.sh pushed.

    image.py FILE REPOSITORY_URI TAG DIGEST
"""

import sys

from files import write_json_atomically


def main() -> None:
    """Write the file named by the first argument."""
    path, uri, tag, digest = sys.argv[1:]
    write_json_atomically(path, {"uri": uri, "tag": tag, "digest": digest})


if __name__ == "__main__":
    main()
