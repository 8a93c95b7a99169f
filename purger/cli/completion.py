"""Print the script with which a shell completes purger's commands, options and repositories. No file is changed."""

from __future__ import annotations

import os
import re
from pathlib import PurePath

import typer
import typer.completion

from purger.core.errors import InputError
from purger.core.shown_address import quoted

VARIABLE = "_PURGER_COMPLETE"
"""Set by the scripts: the command then prints completions and does nothing else."""
_INSTRUCTION = re.compile(r"(complete|source)_(bash|zsh|fish|pwsh|powershell)")
"""What Typer answers; anything else would end with its own exit code."""

_BASH = """\
_purger_completion() {
    local IFS=$'\\n'
    COMPREPLY=($(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD _PURGER_COMPLETE=complete_bash "$1" 2>/dev/null))
}
complete -o default -F _purger_completion purger
"""
# In a folder of $fpath the file is the body of the function at its first call; sourced, it registers the function.
_ZSH = """\
#compdef purger
_purger_completion() {
    eval "$(_TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" _PURGER_COMPLETE=complete_zsh "${words[1]}" 2>/dev/null)"
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _purger_completion "$@"
else
    compdef _purger_completion purger
fi
"""
_FISH = """\
function _purger_completion
    set --local --export _PURGER_COMPLETE complete_fish
    set --local --export _TYPER_COMPLETE_FISH_ACTION $argv[1]
    set --local --export _TYPER_COMPLETE_ARGS (commandline --cut-at-cursor --current-process)
    command purger 2>/dev/null
end
complete --command purger --no-files --condition '_purger_completion is-args' \
--arguments '(_purger_completion get-args)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def prepare() -> None:
    """Make Typer able to answer the scripts; without its own options, which change a person's start-up files.

    Raises InputError where it is not one of the scripts that asks.
    """
    if instruction := os.environ.get(VARIABLE):
        is_whole = instruction != "complete_bash" or (
            "COMP_WORDS" in os.environ and os.environ.get("COMP_CWORD", "").isdecimal()
        )
        if not _INSTRUCTION.fullmatch(instruction) or not is_whole:
            raise InputError(
                f"{VARIABLE} is for the scripts that complete commands, and this is none of them",
                remedy=f"Unset {VARIABLE}; purger --show-completion prints such a script.",
            )
        typer.completion.completion_init()  # type: ignore[attr-defined]


def show_script(shell: str | None) -> None:
    """Print the script for a shell and end. Raises typer.BadParameter for a shell that has none."""
    if shell is None:
        return
    shell = shell or os.environ.get("SHELL", "")
    name = PurePath(shell).name
    if name not in SCRIPTS:
        raise typer.BadParameter(f"there is a script for {', '.join(SCRIPTS)}, and none for {quoted(shell)}.")
    typer.echo(SCRIPTS[name], nl=False)
    raise typer.Exit
