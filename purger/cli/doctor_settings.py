"""Check the settings of a purge that variables give: the doctor's check `settings`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated

from purger.browser.network import NetworkSettings
from purger.browser.settings import BrowserSettings
from purger.cli.environment import unknown_variables
from purger.cli.options import ArtifactOptions, DeletionOptions, SiteOptions, TargetOptions
from purger.cli.parameters import Group, Only
from purger.core.errors import InputError
from purger.core.policies import Policies
from purger.core.selection import Selection
from purger.purge.settings import Pace
from purger.secrets import env_file
from purger.travis.host import host_token

_WHOLE = (Selection, Policies, DeletionOptions, TargetOptions, Pace)
_ONE_BY_ONE = (Annotated[BrowserSettings, Only("slow_mo_ms", "keep_open", "pause")], ArtifactOptions)
"""Settings that an option of the purge completes: `--headed`, or the folder for a trace."""
_ALL = (*_WHOLE, BrowserSettings, ArtifactOptions, SiteOptions, NetworkSettings)


def settings_fault() -> InputError | None:
    """Return all that ends a purge because of the variables and `.env`, as they are, as one error.

    The files and folders that they name are not looked at.
    """
    faults = list(_faults())
    remedies = dict.fromkeys(fault.remedy for fault in faults if fault.remedy)
    return InputError("; ".join(map(str, faults)), remedy="\n".join(remedies)) if faults else None


def _faults() -> Iterator[InputError]:
    if fault := env_file.current().fault:
        yield fault
    yield from unknown_variables(os.environ)
    for annotation in (*_WHOLE, *_ONE_BY_ONE):
        try:
            _check(annotation)
        except InputError as error:
            yield error


def settings_described() -> str:
    """Return which of purger's variables have a say in a purge; their values may be secrets."""
    groups = [group for annotation in _ALL if (group := Group.of(annotation))]
    options = (option for group in groups for option in group.options.values())
    names = [variable for option in options for variable in option.variables_given(os.environ)]
    return f"taken from variables: {', '.join(names)}" if names else "no variable narrows or changes a purge"


def _check(annotation: object) -> None:
    group = Group.of(annotation)
    assert group is not None  # noqa: S101 - for the type checker
    given = group.given_by(os.environ)
    checked = (group.build if annotation in _WHOLE else group.values)(given, given)
    if isinstance(checked, Policies) and checked.gone:
        host_token(os.environ)
