"""Options that the commands for hospitals share, and the result they describe.

Imported after the language was chosen: the help texts are translated when this module loads.
"""

from __future__ import annotations

import mimetypes
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from cardioalert.domain.patient import Sex
from cardioalert.errors import InputError
from cardioalert.i18n import language
from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.problems import UsageProblemError

if TYPE_CHECKING:
    from cardioalert.hospital.result import Document, Person, Result


class FhirVersion(StrEnum):
    """Versions of FHIR."""

    R4 = "r4"
    R5 = "r5"


class Profile(StrEnum):
    """National guides."""

    UZ_CORE = "uz-core"


ProfileOption = Annotated[
    Profile | None,
    typer.Option("--profile", help=_("Follow a national guide (R5)."), show_default=False),
]
PatientIdOption = Annotated[
    str,
    typer.Option("--patient-id", metavar="ID", help=_("Number of the person, such as a PINFL.")),
]
SystemOption = Annotated[
    str,
    typer.Option(
        "--patient-system", metavar="URI", help=_("What the number belongs to; 14 digits: PINFL.")
    ),
]
FamilyOption = Annotated[str, typer.Option("--family", metavar="NAME", help=_("Family name."))]
GivenOption = Annotated[str, typer.Option("--given", metavar="NAME", help=_("Given name."))]
PatronymicOption = Annotated[
    str, typer.Option("--patronymic", metavar="NAME", help=_("Patronymic."))
]
BirthDateOption = Annotated[
    datetime | None,
    typer.Option("--birth-date", metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help=_("Birth date.")),
]
SexOption = Annotated[Sex | None, typer.Option("--sex", help=_("Sex of the person."))]
OrderOption = Annotated[
    str, typer.Option("--order", metavar="NUMBER", help=_("Number of the order or accession."))
]
FacilityOption = Annotated[
    str, typer.Option("--facility", metavar="NAME", help=_("Name of the clinic."))
]
PdfOption = Annotated[
    Path | None,
    typer.Option("--pdf", metavar="PDF", help=_("A report that goes along."), show_default=False),
]
ZoneOption = Annotated[
    str,
    typer.Option("--zone", metavar="ZONE", help=_("Time zone of the clock of the cart.")),
]

_PINFL_DIGITS = 14


def make_person(
    *,
    identifier: str,
    system: str,
    family: str,
    given: str,
    patronymic: str,
    birth_date: datetime | date | None,
    sex: Sex | None,
) -> Person:
    """Return who was recorded."""
    from cardioalert.hospital.result import LOCAL_SYSTEM, PINFL_SYSTEM, Person  # noqa: PLC0415

    is_pinfl = len(identifier) == _PINFL_DIGITS and identifier.isdecimal()
    return Person(
        identifier=identifier,
        system=system or (PINFL_SYSTEM if is_pinfl else LOCAL_SYSTEM),
        family=family,
        given=given,
        patronymic=patronymic,
        birth_date=birth_date.date() if isinstance(birth_date, datetime) else birth_date,
        sex=sex,
    )


def make_result(
    source: str, person: Person, *, order: str, facility: str, pdf: Path | None, zone: str
) -> Result:
    """Analyze the input, or read its analysis, and put together what goes to the hospital."""
    from cardioalert import pipeline  # noqa: PLC0415 - heavy
    from cardioalert.domain.patient import Patient  # noqa: PLC0415
    from cardioalert.files import load  # noqa: PLC0415
    from cardioalert.formats.registry import is_picture  # noqa: PLC0415
    from cardioalert.hospital.result import Document, Result, read_analysis  # noqa: PLC0415

    try:
        clock = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UsageProblemError(
            _("there is no time zone called {name}", name=zone), hint="Asia/Tashkent"
        ) from error
    report = read_document(pdf)
    now = datetime.now(tz=UTC).astimezone(clock)
    if source.endswith((".json", ".jsonl")) and _is_analysis(source):
        return Result(
            analysis=read_analysis(Path(source)),
            person=person,
            exported_at=now,
            report=report,
            order=order,
            facility=facility,
            language=language(),
        )
    content = load(source)
    with output.progress(_("Reading {name}", name=content.name)):
        analysis = pipeline.analyze(content, patient=Patient(sex=person.sex))
    at = analysis.record.recorded_at
    photo = None
    if is_picture(content):
        media = mimetypes.guess_type(source)[0] or "application/octet-stream"
        photo = Document(data=content.data, media_type=media, title=Path(source).name)
    return Result(
        analysis=analysis.to_dict(),
        person=person,
        exported_at=now,
        recorded_at=None if at is None else (at if at.tzinfo else at.replace(tzinfo=clock)),
        record=analysis.record,
        report=report,
        photo=photo,
        order=order,
        facility=facility,
        language=language(),
    )


def _is_analysis(source: str) -> bool:
    """Tell whether a JSON file is an analysis and not a record."""
    try:
        return "cardioalert.analysis/" in Path(source).read_text(encoding="utf-8")[:400]
    except (OSError, UnicodeDecodeError):
        return False


def read_document(path: Path | None) -> Document | None:
    """Read a PDF that goes along."""
    from cardioalert.hospital.result import Document  # noqa: PLC0415

    if path is None:
        return None
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(_("{path} cannot be read: {error}", path=path, error=error)) from error
    if not data.startswith(b"%PDF-"):
        raise InputError(_("{path} is no PDF", path=path))
    return Document(data=data, media_type="application/pdf", title=_("ECG report"))
