"""The Typer application: its commands in the order of the help."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Annotated, Any

import typer

from purger import __version__
from purger.cli import completion
from purger.cli.check_log import check_log
from purger.cli.demo import demo
from purger.cli.doctor import doctor
from purger.cli.environment import PreparedCommand, PreparedGroup
from purger.cli.list_caches import list_caches
from purger.cli.login import login
from purger.cli.logout import logout
from purger.cli.output import asks_for_json, print_error_document
from purger.cli.purge import purge
from purger.cli.retry import retry
from purger.core.errors import ExitCode, InputError
from purger.core.shown_address import shown_address, without_secrets
from purger.core.text import visible

_UsageError: Any = typer.BadParameter.__mro__[1]
"""What Typer raises for wrong arguments; it exports no name for it."""


_WORDS = "purger.words"
_HOW_TO_GIVE_ONE = "set a token as TRAVIS_TOKEN, in the environment or .env: others can see the words of a command"
"""What to say to who gives a token to the command line."""


def _tell(error: Any, words: list[str]) -> None:
    """Clean the error for wrong arguments, which Typer shows, and write it as a JSON document where that is asked."""
    _clean(error, words)
    if asks_for_json(words):
        said = error.format_message().rstrip(".")
        print_error_document(InputError(f"{said[:1].lower()}{said[1:]}", remedy="See --help."))


def _clean(error: Any, words: list[str]) -> None:
    """Take what may be secret out of a message that may quote any of the words of the command line."""
    for word in sorted(words, key=len, reverse=True):
        shown = visible(shown_address(word))
        # Typer takes what is before an equals sign for the name of an option.
        for part in (word, repr(word)[1:-1], _escaped(word), _escaped(word.partition("=")[0])):
            if shown != word and (part == word or ":" in part):
                error.message = error.message.replace(part, shown)
    error.message = without_secrets(error.message)


def _escaped(word: str) -> str:
    """Return a word as Typer shows it."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda found: f"\\x{ord(found[0]):02x}", word)


class Commands(PreparedGroup):
    """The commands; what is wrong with their arguments is said without the secrets of an address among them."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that is named."""
        try:
            return super().invoke(ctx)
        except _UsageError as error:
            self._reword(error)
            _tell(error, ctx.meta[_WORDS])
            raise

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse what comes before the command's name. `--show-completion` alone means the person's own shell."""
        if args == ["--show-completion"]:
            args = [*args, ""]
        ctx.meta[_WORDS] = list(args)
        try:
            return super().parse_args(ctx, args)
        except _UsageError as error:
            self._reword(error)
            self._place(error, ctx.meta[_WORDS])
            _tell(error, ctx.meta[_WORDS])
            raise

    def _reword(self, error: Any) -> None:
        """Say where a token belongs that is given as an option or to `login`; suggest only options that are alike."""
        option = getattr(error, "option_name", None) or ""
        if possible := getattr(error, "possibilities", None):  # all have the hyphens in common
            alike = get_close_matches(option.strip("-"), [one.strip("-") for one in possible])
            error.possibilities = [one for one in possible if one.strip("-") in alike]
        if option.endswith("token") and not self._having(option):
            error.message += f"; {_HOW_TO_GIVE_ONE}"
        elif error.ctx is not None and error.ctx.command.name == "login" and "extra argument" in error.message:
            error.message = f"purger login takes no argument; {_HOW_TO_GIVE_ONE}"

    def _having(self, option: str | None) -> list[str]:
        """Return the names of the commands that have an option."""
        return [name for name, one in self.commands.items() if any(option in given.opts for given in one.params)]

    def _place(self, error: Any, words: list[str]) -> None:
        """Say where an option belongs that was given before the command's name, where other programs allow it."""
        option = getattr(error, "option_name", None)
        if having := self._having(option):
            command = next((word for word in words if word in having), having[0])
            error.possibilities = None
            error.message = f"{option} belongs behind the name of the command, as in: purger {command} {option}"


app = typer.Typer(
    cls=Commands,
    name="purger",
    pretty_exceptions_enable=False,  # its frames would break a line, and a secret in it, where none is found again
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,  # the help is ours, and a frame around an error would break its lines
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


completion.prepare()


def _show_version(wanted: bool) -> None:
    # A callback, so that it ends before other options are converted: that would import what takes a third of the time.
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback(invoke_without_command=True)
def purger(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_show_version),
    ] = False,
    show_completion: Annotated[
        str | None,
        typer.Option(
            "--show-completion",
            metavar="|".join(completion.SCRIPTS),
            help="Print the script that completes commands in a shell, and end.",
            is_eager=True,
        ),
    ] = None,
) -> None:
    """Delete every build cache of a Travis CI repository through its cache page, and prove that they are gone."""
    completion.show_script(show_completion)
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(ExitCode.USAGE)


for _command in (purge, list_caches, login, logout, doctor, demo, check_log, retry):
    app.command(_command.name, cls=PreparedCommand, epilog=_command.epilog)(_command.callback)
