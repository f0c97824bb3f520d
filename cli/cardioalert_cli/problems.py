"""Errors as the command line shows them: a stable code, a title, a reason, a fix, an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from cardioalert import errors
from cardioalert.i18n import translate as _


class ExitCode(IntEnum):
    """What the shell sees; part of the interface."""

    DONE = 0
    FINDING = 1  # done, and a finding at or above --fail-on
    USAGE = 2
    INPUT = 3  # unreadable or refused
    NOT_APPLICABLE = 4
    NOT_ALLOWED = 5
    PEER = 6
    INTERRUPTED = 130


EXIT_CODES: Final = (
    (errors.NotApplicableError, ExitCode.NOT_APPLICABLE),
    (errors.NotAllowedError, ExitCode.NOT_ALLOWED),
    (errors.PeerError, ExitCode.PEER),
    (errors.CardioAlertError, ExitCode.INPUT),
)
"""The first class that fits decides."""


class UsageProblemError(errors.CardioAlertError):
    """The command was called in a way that cannot work."""

    code = "usage"


class CannotWriteError(errors.CardioAlertError):
    """A result could not be written."""

    code = "cannot-write"
    hint = "Choose a folder you may write to."


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One error, ready to be shown.

    Attributes
    ----------
    code : str
        Stable.
    title, message, hint : str
        What, why, and what to do about it.
    command : str
        A command to copy; empty when there is none.
    exit_code : ExitCode
    """

    code: str
    title: str
    message: str
    hint: str = ""
    command: str = ""
    exit_code: ExitCode = ExitCode.INPUT

    def to_dict(self) -> dict[str, str]:
        """Return the error object of `--json`."""
        command = _("Try: {command}", command=self.command) if self.command else ""
        hint = " ".join(filter(None, (self.hint, command)))
        return {"code": self.code, "message": self.message, "hint": hint}


def problem_of(error: Exception, *, path: str = "") -> Problem:
    """Turn an exception into something to show.

    Parameters
    ----------
    error : Exception
        Expected ones keep their code; all others become `internal-error`.
    path : str
        The input it happened with, for the command to try.
    """
    if isinstance(error, UsageProblemError):
        return usage_problem(error.message, hint=error.hint)
    if isinstance(error, errors.CardioAlertError):
        return Problem(
            code=error.code,
            title=title_of(error),
            message=error.message,
            hint=_(error.hint),
            command=command_for(error.code, path),
            exit_code=exit_code_of(error),
        )
    return Problem(
        code="internal-error",
        title=_("This is a fault of the program."),
        message=f"{type(error).__name__}: {error}",
        hint=_("Run the command again with --debug and report what it prints."),
    )


def usage_problem(message: str, *, hint: str = "", command: str = "") -> Problem:
    """Return the problem of a command that was called in a wrong way."""
    return Problem(
        code="usage",
        title=_("The command was not understood."),
        message=message,
        hint=hint,
        command=command,
        exit_code=ExitCode.USAGE,
    )


def exit_code_of(error: errors.CardioAlertError) -> ExitCode:
    """Return the exit code of an expected error."""
    return next(code for kind, code in EXIT_CODES if isinstance(error, kind))


def title_of(error: errors.CardioAlertError) -> str:
    """Return what happened, in one short sentence."""
    titles = (
        (errors.FileMissingError, _("There is no such file.")),
        (errors.EmptyFileError, _("The file is empty.")),
        (errors.UnknownFormatError, _("This kind of file is not known.")),
        (errors.CorruptFileError, _("The file is damaged.")),
        (errors.PictureSizeError, _("The picture is too small or too large.")),
        (errors.FileTooLargeError, _("The file is too large.")),
        (errors.MissingLibraryError, _("A library for this format is not installed.")),
        (errors.InvalidRecordError, _("The file holds no valid ECG.")),
        (errors.InvalidAnswerError, _("An answer was not understood.")),
        (errors.GridNotFoundError, _("No ECG paper was recognised in the picture.")),
        (errors.TraceNotFoundError, _("No ECG curve was recognised in the picture.")),
        (errors.LayoutNotFoundError, _("The arrangement of the leads was not recognised.")),
        (errors.DigitizationError, _("The picture was not understood.")),
        (errors.MeasurementError, _("There is no signal to measure.")),
        (errors.ModelFileError, _("The installation is damaged.")),
        (errors.NotApplicableError, _("This does not apply here.")),
        (errors.SignInError, _("You are not signed in.")),
        (errors.NotAllowedError, _("This is not allowed.")),
        (errors.PeerError, _("The other system did not answer as it should.")),
        (errors.LimitError, _("The file took too much time or memory.")),
        (errors.RunInProgressError, _("Another run is going on.")),
        (errors.SchemaError, _("The database belongs to another version.")),
        (errors.StoreError, _("The database could not be used.")),
        (errors.SealedDataError, _("A stored value cannot be opened.")),
        (errors.KeyFileError, _("The encryption keys cannot be used.")),
        (errors.NotFoundError, _("There is no such entry.")),
        (errors.InvalidDataError, _("A value is not valid.")),
        (errors.ClinicImportError, _("The file of clinics was not understood.")),
        (errors.SlotTakenError, _("This time is taken.")),
        (errors.SlotNotOfferedError, _("This time is not offered.")),
        (errors.HoldExpiredError, _("The time was not confirmed soon enough.")),
        (errors.TooManyHoldsError, _("Too many times are held.")),
        (errors.AlreadyBookedError, _("There is a visit at that time already.")),
        (errors.ChangedMeanwhileError, _("This was changed in the meantime.")),
        (errors.KeyReusedError, _("The idempotency key was used before.")),
        (errors.CareError, _("This cannot be done.")),
        (CannotWriteError, _("The result could not be written.")),
        (errors.CardioAlertError, _("The file could not be read.")),
    )
    return next(title for kind, title in titles if isinstance(error, kind))


def command_for(code: str, path: str) -> str:
    """Return a command worth trying after an error; empty when none helps."""
    name = path if path and " " not in path else "photo.jpg"
    as_record = "&& cardioalert analyze ecg.csv"
    return {
        "file-not-found": "cardioalert demo",
        "unknown-format": "cardioalert analyze --help",
        "layout-not-found": f"cardioalert digitize {name} -o ecg.csv --layout 3x4+1 {as_record}",
        "model-file": "cardioalert doctor",
    }.get(code, "")
