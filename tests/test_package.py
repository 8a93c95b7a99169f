"""The package: what the wheel and the source distribution hold, and that both make the same wheel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest
import yaml

from purger import __version__
from tests.support.documentation import ROOT

pytestmark = pytest.mark.cli


HOME = "https://git.example/owner/purger"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def build(source: Path, kind: str, folder: Path, published_from: str = "") -> Path:
    """Build a distribution with the tools of this environment, and return its path."""
    subprocess.run(
        [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", folder, source],
        check=True,
        capture_output=True,
        env=os.environ | {"PUBLISHED_FROM": published_from},
    )
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module", params=["", HOME], ids=["local", "published"])
def distributions(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The source distribution, and the wheel: as a developer builds them, and as the release workflow does."""
    return (
        build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"), request.param),
        build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"), request.param),
    )


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as file:
        return {name: file.read(name) for name in file.namelist()}


def metadata_of(wheel: Path) -> Message:
    (text,) = (text for name, text in contents(wheel).items() if name.endswith("/METADATA"))
    return HeaderParser().parsestr(text.decode())


def test_the_source_distribution_makes_the_same_wheel(distributions: tuple[Path, Path], tmp_path: Path) -> None:
    sdist, wheel = distributions
    (tmp_path / "source").mkdir()
    subprocess.run(["tar", "-xf", sdist, "-C", tmp_path / "source"], check=True)
    (source,) = (tmp_path / "source").iterdir()
    again = build(source, "wheel", tmp_path / "wheel")
    assert again.name == wheel.name
    assert contents(again) == contents(wheel)


def test_the_wheel_holds_the_package_alone(distributions: tuple[Path, Path]) -> None:
    names = contents(distributions[1])
    assert {name.partition("/")[0] for name in names} == {"purger", f"purger-{__version__}.dist-info"}
    assert "purger/py.typed" in names
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "purger").rglob("*.py")}
    assert modules <= set(names)


def test_the_metadata_of_the_package(distributions: tuple[Path, Path]) -> None:
    metadata = metadata_of(distributions[1])
    assert (metadata["Name"], metadata["Version"], metadata["License-Expression"]) == ("purger", __version__, "MIT")
    assert metadata["Requires-Python"] == ">=3.11"
    assert {"demo"} <= set(metadata.get_all("Provides-Extra", []))


@pytest.mark.parametrize("distributions", [HOME], indirect=True)
def test_the_addresses_are_those_of_the_repository_it_is_published_from(distributions: tuple[Path, Path]) -> None:
    metadata = metadata_of(distributions[1])
    files = f"{HOME}/blob/v{__version__}"
    assert metadata.get_all("Project-URL") == [
        f"Source, {HOME}",
        f"Documentation, {files}/README.md",
        f"Changelog, {files}/CHANGELOG.md",
        f"Issues, {HOME}/issues",
    ]
    text = str(metadata.get_payload())
    assert f"![The cache page before and after a purge]({HOME}/raw/v{__version__}/docs/before-and-after.png)" in text
    assert f"[Networks]({files}/docs/networks.md)" in text
    assert re.findall(r"\]\((?!https://)", text) == []


@pytest.mark.parametrize("distributions", [""], indirect=True)
def test_a_package_that_is_not_published_names_no_address(distributions: tuple[Path, Path]) -> None:
    metadata = metadata_of(distributions[1])
    assert metadata.get_all("Project-URL") is None
    assert str(metadata.get_payload()).strip() == (ROOT / "README.md").read_text().strip()


def test_every_python_of_the_classifiers_is_tested_by_ci() -> None:
    named = {found[1] for text in PROJECT["classifiers"] if (found := re.search(r":: (3\.\d+)$", text))}
    matrix = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["test"]["strategy"]["matrix"]
    assert named
    assert named <= set(matrix["python"])


def test_the_lowest_versions_of_all_dependencies_are_known() -> None:
    done = subprocess.run([sys.executable, "scripts/lowest.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["demo"]]
    assert [line.replace("==", ">=") for line in done.stdout.splitlines()] == wanted


def test_the_index_would_take_it(distributions: tuple[Path, Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *distributions],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
