"""Program that makes sure of a Chromium for the tests of the console: `python -m local.browser`.

Any browser of the family will do. Where there is none it is installed from the system's packages, if we may.
"""

from __future__ import annotations

import os
import shutil
import subprocess

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
VARIABLE = "VAANI_BROWSER"
ADVICE = f"No Chromium, Chrome or Edge was found: install one (on Debian: apt install chromium), or set {VARIABLE}."
START_SECONDS = 60
INSTALL_SECONDS = 900


def find_browser() -> str | None:
    """The program; None when there is none that runs. `VAANI_BROWSER` names one that lies elsewhere."""
    named = os.environ.get(VARIABLE)
    candidates = [named] if named else [*map(shutil.which, NAMES), *APPLICATIONS]
    return next((found for found in candidates if found and _runs(found)), None)


def main() -> None:
    """Say where the browser is, after installing it if need be."""
    found = find_browser() or (_install() and find_browser())
    # Not an error here: the tests that need it say so, and fail where nobody would read this.
    print(f"browser for the tests: {found}" if found else ADVICE, flush=True)


def _runs(program: str) -> bool:
    """Some systems have a program of that name that only advises to install another."""
    try:
        shown = subprocess.run([program, "--version"], capture_output=True, timeout=START_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return shown.returncode == 0


def _install() -> bool:
    """Only where that needs nobody's password."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    print("installing Chromium", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    commands = (["update", "-qq"], ["install", "-qq", "--yes", "--no-install-recommends", "chromium"])
    try:
        return all(
            subprocess.run([apt, *arguments], env=environment, timeout=INSTALL_SECONDS, check=False).returncode == 0
            for arguments in commands
        )
    except subprocess.TimeoutExpired:
        return False


if __name__ == "__main__":
    main()
