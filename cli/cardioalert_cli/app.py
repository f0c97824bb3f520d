"""The command line: choose the language, build the commands, run one, turn errors into words.

A new command is a new module in `commands` and a row in `COMMANDS`. Nothing heavy is imported
here: `cardioalert --help` must answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.framework import prepare, translate_framework, translate_message
from cardioalert_cli.language import choose_language
from cardioalert_cli.problems import ExitCode, Problem, problem_of, usage_problem

COMMANDS: Final = (
    "analyze",
    "digitize",
    "convert",
    "batch",
    "report",
    "quiz",
    "export_fhir",
    "fhir",
    "hl7",
    "dicom",
    "clinics",
    "book",
    "serve",
    "openapi",
    "worker",
    "user",
    "record",
    "keys",
    "audit",
    "db",
    "demo",
    "doctor",
)
"""Each is a module in the order of the help, with a function of the same name.

A module with `SUBCOMMANDS` (names of its functions, `_` for `-`) is a group: `book make`. Its own
function, if it has one, runs when no subcommand is named.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; those of the process unless given.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    choose_language(words)
    try:
        code = run(words)
        sys.stdout.flush()
    except (BrokenPipeError, output.ReaderGoneError):  # `... | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except KeyboardInterrupt:
        output.note(_("interrupted"))
        return ExitCode.INTERRUPTED
    return code


def run(words: list[str]) -> int:
    """Run one command; every error ends here."""
    import typer  # noqa: PLC0415 - after the language was chosen

    usage_error: Any = typer.BadParameter.__base__
    try:
        command = build_command(named(words))
        result = command.main(args=words, prog_name="cardioalert", standalone_mode=False)
    except typer.Exit as leave:
        return leave.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except usage_error as error:
        if error.message.startswith(command.get_usage(error.ctx)):  # nothing was asked
            output.note(error.message)
            return ExitCode.USAGE
        message = translate_message(error.format_message())
        return report(usage_problem(message, command=help_command(error, words)), words)
    except Exception as error:
        if "--debug" in words or isinstance(error, (BrokenPipeError, output.ReaderGoneError)):
            raise
        return report(problem_of(error), words)
    return result if isinstance(result, int) else ExitCode.DONE


def report(problem: Problem, words: Sequence[str]) -> ExitCode:
    """Show a problem and return its exit code."""
    output.report_problem(problem, as_json="--json" in words)
    return problem.exit_code


def help_command(error: Any, words: Sequence[str]) -> str:
    """Return the command that explains what was called in a wrong way."""
    path = error.ctx.command_path if error.ctx is not None else ""
    if not path:
        command = next((word for word in words if word in COMMANDS), "")
        path = " ".join(filter(None, ("cardioalert", command)))
    return f"{path} --help"


def named(words: Sequence[str]) -> Sequence[str]:
    """Return the commands that a call needs: the one it names, or else all.

    Building them all takes longer than many commands need for their work.
    """
    rest = list(words)
    while rest and rest[0].startswith("-"):
        del rest[: 2 if rest[0] == "--lang" else 1]
    name = rest[0].replace("-", "_") if rest else ""
    return (name,) if name in COMMANDS else COMMANDS


def build_command(names: Sequence[str] = COMMANDS) -> Any:
    """Return the program, ready to run, without an English word left in another language.

    Parameters
    ----------
    names : sequence of str
        The commands it shall know.
    """
    import typer  # noqa: PLC0415 - after the language was chosen

    translate_framework()
    command = typer.main.get_command(build_app(names))
    prepare(command)
    return command


def build_app(names: Sequence[str] = COMMANDS) -> Any:
    """Return the program with these commands, their texts in the chosen language."""
    import typer  # noqa: PLC0415 - after the language was chosen

    app = typer.Typer(
        help=_("Reads an ECG from a photo of the paper or from a hospital file."),
        epilog=_("Research and education software, not a medical device."),
        no_args_is_help=True,
        add_completion=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(import_module("cardioalert_cli.commands.top").top)
    for name in names:
        module = import_module(f"cardioalert_cli.commands.{name}")
        word = name.replace("_", "-")
        examples = "\b\n" + "\n".join((_("Examples:"), *(f"  {line}" for line in module.EXAMPLES)))
        if hasattr(module, "SUBCOMMANDS"):
            app.add_typer(build_group(module, name), name=word, help=module.HELP, epilog=examples)
        else:
            app.command(word, help=module.HELP, epilog=examples)(getattr(module, name))
    return app


def build_group(module: ModuleType, name: str) -> Any:
    """Return a command that has subcommands, such as `book`."""
    import typer  # noqa: PLC0415 - after the language was chosen

    own = getattr(module, name, None)
    group = typer.Typer(no_args_is_help=own is None, rich_markup_mode=None)
    if own:
        group.callback(invoke_without_command=True)(own)
    else:
        group.callback()(import_module("cardioalert_cli.commands.options").group_options)
    for function, text in module.SUBCOMMANDS.items():
        command = function.strip("_").replace("_", "-")
        group.command(command, help=_(text))(getattr(module, function))
    return group
