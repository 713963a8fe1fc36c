"""What the system must have that no package registry brings: a browser, and Pango for PDF.

python -m clinic.system pdf browser   check, install on Debian as root, else say how
… --advise                            the same, and go on without what is missing
"""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LIBRARIES = {
    "linux": (
        "libpango-1.0.so.0",
        "libpangoft2-1.0.so.0",
        "libharfbuzz.so.0",
        "libharfbuzz-subset.so.0",
    ),
    "darwin": ("libpango-1.0.dylib", "libpangoft2-1.0.dylib", "libharfbuzz.dylib"),
}
FONTS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "/System/Library/Fonts")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Need:
    what: str
    what_for: str
    is_met: Callable[[], bool]
    debian: tuple[str, ...]
    elsewhere: str


def pango_loads() -> bool:
    try:
        for library in LIBRARIES.get(sys.platform, ()):
            ctypes.CDLL(library)
    except OSError:
        return False
    return True


def a_font_is_there() -> bool:
    folders = (Path(folder).expanduser() for folder in FONTS)
    return any(next(folder.rglob("*.[to]t[fc]"), None) for folder in folders if folder.exists())


def a_browser_is_there() -> bool:
    return any(shutil.which(name) for name in BROWSERS)


NEEDS = {
    "pdf": (
        Need(
            "Pango",
            "plans and consent forms as PDF",
            pango_loads,
            ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"),
            "Install Pango and HarfBuzz, for example: brew install pango",
        ),
        Need("a font", "text in a PDF", a_font_is_there, ("fonts-dejavu-core",), "Install a font."),
    ),
    "browser": (
        Need(
            "Chromium",
            "the browser tests",
            a_browser_is_there,
            ("chromium",),
            "Install Chromium so that one of these is on the PATH: " + ", ".join(BROWSERS),
        ),
    ),
}


def unmet(names: list[str]) -> list[Need]:
    return [need for name in names for need in NEEDS[name] if not need.is_met()]


def install(needs: list[Need]) -> None:
    packages = [package for need in needs for package in need.debian]
    sys.stderr.write(f"Installing {' '.join(packages)} …\n")
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", "-qq", *words], check=False, env=environment, **quiet)


def how_to(need: Need) -> str:
    way = need.elsewhere
    if shutil.which("apt-get"):
        way = f"As root: apt-get install --no-install-recommends {' '.join(need.debian)}"
    return f"{need.what} is missing, which {need.what_for} need. {way}"


def main(words: list[str]) -> None:
    names = [word for word in words if word != "--advise"]
    missing = unmet(names)
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        install(missing)
        missing = unmet(names)
    for need in missing:
        sys.stderr.write(how_to(need) + "\n")
    sys.exit(1 if missing and "--advise" not in words else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
