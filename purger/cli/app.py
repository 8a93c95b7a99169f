"""The Typer application: its commands in the order of the help."""

from __future__ import annotations

from typing import Annotated

import typer

from purger import __version__
from purger.cli.check_log import check_log
from purger.cli.demo import demo
from purger.cli.doctor import doctor
from purger.cli.list_caches import list_caches
from purger.cli.login import login
from purger.cli.logout import logout
from purger.cli.purge import purge
from purger.cli.retry import retry

app = typer.Typer(
    name="purger",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its frames would break a line, and a secret in it, where none is found again
    pretty_exceptions_show_locals=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def purger(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.", is_eager=True)] = False,
) -> None:
    """Delete every build cache of a Travis CI repository through its cache page, and prove that they are gone."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


for _command in (purge, list_caches, login, logout, doctor, demo, check_log, retry):
    app.command(_command.name, epilog=_command.epilog)(_command.callback)
