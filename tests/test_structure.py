"""The layout holds: facts about Travis have one folder, tests mirror the modules, nothing grows out of hand."""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import purger

ROOT = Path(purger.__file__).parent
TESTS = Path(__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
ELSEWHERE = [path for path in MODULES if path.relative_to(ROOT).parts[0] not in {"travis", "standin"}]
OF_TRAVIS = re.compile(
    r"delete-cache|cache-item|caches-list|no-caches|missing-notice|webToken|travis\.auth\.(?:accounts|active)|"
    r"Travis-API-Version|/repo/|/caches"
)
# Python before 3.11.5 goes on in the middle of a group that it could not repeat: `(?>(?:…)*)` is read rightly.
REPEATED_FOR_GOOD = re.compile(r"(?<!\[\()\)(?:[*+?]|\{+\d*,?\d*\}+)\+")
MOST_LINES_OF_A_FUNCTION = 45
MOST_LINES_OF_A_CLASS = 180
MOST_PARAMETERS = 8
SHORT = {"__init__.py", "__main__.py", "settings.py"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def test_selectors_storage_keys_and_api_paths_are_in_one_folder() -> None:
    assert [name_of(path) for path in ELSEWHERE if OF_TRAVIS.search(path.read_text())] == []


def test_no_pattern_repeats_a_group_possessively() -> None:
    assert [name_of(path) for path in MODULES if REPEATED_FOR_GOOD.search(path.read_text())] == []


def test_a_module_opens_with_one_sentence() -> None:
    firsts = {name_of(path): (ast.get_docstring(tree_of(path)) or "").split("\n\n")[0] for path in MODULES}
    assert [name for name, first in firsts.items() if not first.endswith((".", "?")) or len(first) >= 160] == []


def too_large(path: Path) -> Iterator[str]:
    """Name the functions, classes and signatures of a module that are larger than ours may be."""
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        lines = (node.end_lineno or 0) - node.lineno + 1
        most = MOST_LINES_OF_A_CLASS if isinstance(node, ast.ClassDef) else MOST_LINES_OF_A_FUNCTION
        if lines > most:
            yield f"{node.name} has {lines} lines"
        if isinstance(node, ast.ClassDef):
            continue
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        count = len([argument for argument in given if argument.arg not in {"self", "cls"}])
        is_command = any(
            isinstance(one, ast.Call) and ast.unparse(one.func) == "command" for one in node.decorator_list
        )
        if count > MOST_PARAMETERS and not is_command:
            yield f"{node.name} has {count} parameters"


def test_no_function_class_or_signature_is_too_large() -> None:
    assert {name_of(path): faults for path in MODULES if (faults := list(too_large(path)))} == {}


def test_the_documentation_names_every_folder() -> None:
    tree = (ROOT.parent / "docs" / "architecture.md").read_text().partition("```text\npurger/")[2].partition("```")[0]
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders == set(re.findall(r"^  (\w+)/", tree, re.MULTILINE))
    assert len(folders) <= 9
    assert len([path for path in ROOT.iterdir() if path.is_file()]) <= 4


def test_tests_mirror_the_modules() -> None:
    """A test file is named after the module that it tests, and lies in the same folder."""
    for path in TESTS.rglob("test_*.py"):
        folder = path.relative_to(TESTS).parent
        if folder in {Path(), Path("soak")}:
            continue
        modules = {module.stem for module in (ROOT / folder).glob("*.py")} | {
            child.name for child in (ROOT / folder).iterdir() if child.is_dir()
        }
        subject = path.stem.removeprefix("test_")
        assert any(subject == module or subject.startswith(f"{module}_") for module in modules), path


def test_every_module_has_a_test_of_its_name() -> None:
    tested = {path.relative_to(TESTS).parent / path.stem.removeprefix("test_") for path in TESTS.rglob("test_*.py")}
    without = []
    for module in MODULES:
        folder = module.relative_to(ROOT).parent
        if module.name in SHORT or folder.parts[:1] == ("standin",):
            continue
        if not any(test.parent == folder and test.name.startswith(module.stem) for test in tested):
            without.append(name_of(module))
    assert without == []


def test_no_two_tests_of_a_folder_have_one_name() -> None:
    for folder in {path.parent for path in TESTS.rglob("test_*.py")}:
        names = Counter(
            node.name
            for path in folder.glob("test_*.py")
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        )
        assert [name for name, count in names.items() if count > 1] == [], folder
