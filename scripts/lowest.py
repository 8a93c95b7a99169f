"""Print the lowest allowed versions of purger's own dependencies, as constraints for pip."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
groups = [project["dependencies"], project["optional-dependencies"]["demo"]]
for requirement in (one for group in groups for one in group):
    if found := re.fullmatch(r"([A-Za-z0-9_-]+)>=([\d.]+)", requirement):
        sys.stdout.write(f"{found[1]}=={found[2]}\n")
