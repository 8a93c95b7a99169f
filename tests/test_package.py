"""The package: what the wheel and the source distribution hold, and that both make the same wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from purger import __version__
from tests.support.documentation import ROOT

pytestmark = pytest.mark.cli


def build(source: Path, kind: str, folder: Path) -> Path:
    """Build a distribution with the tools of this environment, and return its path."""
    subprocess.run(
        [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", folder, source],
        check=True,
        capture_output=True,
    )
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The source distribution, and the wheel."""
    return (
        build(ROOT, "sdist", tmp_path_factory.mktemp("sdist")),
        build(ROOT, "wheel", tmp_path_factory.mktemp("wheel")),
    )


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as file:
        return {name: file.read(name) for name in file.namelist()}


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
    metadata = HeaderParser().parsestr(
        next(text for name, text in contents(distributions[1]).items() if name.endswith("/METADATA")).decode()
    )
    assert (metadata["Name"], metadata["Version"], metadata["License-Expression"]) == ("purger", __version__, "MIT")
    assert metadata["Requires-Python"] == ">=3.11"
    assert {"demo"} <= set(metadata.get_all("Provides-Extra", []))


def test_the_index_would_take_it(distributions: tuple[Path, Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *distributions],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
