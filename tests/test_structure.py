"""The house keeps its rules: what only Travis's folder may know, and what a module opens with."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import purger

ROOT = Path(purger.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
ELSEWHERE = [path for path in MODULES if path.relative_to(ROOT).parts[0] not in {"travis", "standin"}]
OF_TRAVIS = re.compile(
    r"delete-cache|cache-item|caches-list|no-caches|missing-notice|webToken|travis\.auth|Travis-API-Version|/repo/|/caches"
)


@pytest.mark.parametrize("path", ELSEWHERE, ids=lambda path: str(path.relative_to(ROOT)))
def test_selectors_storage_keys_and_api_paths_are_in_one_place(path: Path) -> None:
    assert not OF_TRAVIS.findall(path.read_text())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_opens_with_one_sentence(path: Path) -> None:
    told = ast.get_docstring(ast.parse(path.read_text())) or ""
    first = told.split("\n\n")[0]
    assert first.endswith((".", "?"))
    assert len(first) < 160


def test_the_readme_names_every_module() -> None:
    tree = (ROOT.parent / "README.md").read_text().partition("```text\npurger/")[2].partition("```")[0]
    names = {path.name for path in ROOT.glob("*.py")} - {"__init__.py", "__main__.py"}
    assert names == set(re.findall(r"\w+\.py", tree))
