"""The words of the framework, Typer, in the language of the user.

Typer has its own English texts. Those it looks up by gettext are looked up in our catalogs, those
of options it adds are replaced, and its error messages are recognised by their English pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any, Final

from cardioalert.i18n import N_
from cardioalert.i18n import translate as _

MESSAGES: Final = (
    N_("Missing argument '{name}'."),
    N_("Missing option '{name}'."),
    N_("Missing command."),
    N_("No such command '{name}'. Did you mean {names}?"),
    N_("No such command '{name}'."),
    N_("No such option: {name} (Possible options: {names})"),
    N_("No such option: {name}"),
    N_("Got unexpected extra argument(s) ({names})"),
    N_("Option '{name}' does not take a value."),
    N_("Option '{name}' requires an argument."),
    N_("Invalid value for {name}: {reason}"),
    N_("Invalid value: {reason}"),
    N_("Value error, {reason}"),
    N_("'{value}' is not one of {names}."),
    N_("Input should be a valid number, unable to parse string as a number"),
    N_("Input should be a valid integer, unable to parse string as an integer"),
    N_("Input should be a valid boolean, unable to interpret input"),
    N_("Input should be greater than or equal to {limit}"),
    N_("Input should be less than or equal to {limit}"),
    N_("File '{name}' does not exist."),
    N_("Path '{name}' does not exist."),
    N_("Directory '{name}' does not exist."),
)
"""What Typer says about a wrong call; the first pattern that fits is taken."""

LOOKED_UP: Final = (
    N_("Arguments"),
    N_("Options"),
    N_("Commands"),
    N_("required"),
    N_("default: {default}"),
    N_("env var: {var}"),
    N_("(dynamic)"),
)
"""What Typer looks up by gettext."""


def translate_framework() -> None:
    """Let Typer look its words up in our catalogs."""
    import typer.core  # noqa: PLC0415 - after the language was chosen

    vars(typer.core)["_"] = _


def translate_message(message: str) -> str:
    """Return what Typer says about a wrong call, in the chosen language.

    Examples
    --------
    >>> translate_message("No such option: --foo")
    'No such option: --foo'
    """
    for template, pattern in _patterns():
        if found := pattern.fullmatch(message):
            values = found.groupdict()
            if "reason" in values:
                values["reason"] = translate_message(values["reason"])
            return _(template, **values)
    return message


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return each message with the pattern that recognises it."""
    return tuple(
        (template, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(template)), re.S))
        for template in MESSAGES
    )


def prepare(command: Any, *, usage: str = "") -> None:
    """Replace the English words of a command and of all commands below it.

    Parameters
    ----------
    command : a command of Typer, changed in place
    usage : str
        What stands before the usage line; translated unless given.
    """
    usage = usage or _("Usage:") + " "
    texts = {
        "--install-completion": _("Install completion of commands for this shell."),
        "--show-completion": _("Print the completion of commands for this shell."),
    }
    for parameter in command.params:
        names = getattr(parameter, "opts", ())
        parameter.help = next((texts[name] for name in names if name in texts), parameter.help)
        if parameter.param_type_name == "argument":
            parameter.display_type = _no_type
        else:
            parameter.display_type = partial(_type_word, parameter.display_type)
    command.options_metavar = _("[OPTIONS]")
    if hasattr(command, "subcommand_metavar"):
        command.subcommand_metavar = _("COMMAND [ARGUMENTS]...")
    _replace_methods(command, usage)
    for child in getattr(command, "commands", {}).values():
        prepare(child, usage=usage)


def _type_word(shown: Callable[[Any], str], ctx: Any) -> str:
    """Show what to type after an option, instead of the name of a Python type."""
    text = shown(ctx)
    kind = text.strip("<>").removesuffix(" range")
    return {"int": "N", "float": "X", "str": _("TEXT")}.get(kind, text)


def _no_type(ctx: Any) -> str:
    """Show no Python type beside the name of an argument."""
    return ""


def _replace_methods(command: Any, usage: str) -> None:
    """Give a command its own usage line and its own help of the help option."""

    def format_usage(ctx: Any, formatter: Any) -> None:
        pieces = command.collect_usage_pieces(ctx)
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=usage)

    get_help_option = command.get_help_option

    def help_option(ctx: Any) -> Any:
        option = get_help_option(ctx)
        if option is not None:
            option.help = _("Show this help and leave.")
        return option

    command.format_usage = format_usage
    command.get_help_option = help_option
