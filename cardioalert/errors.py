"""Every error CardioAlert raises on purpose.

The tree; `code` never changes, because clients and translations use it::

    CardioAlertError
    ├── InputError                    the file could not be read
    │   ├── FileMissingError          file-not-found
    │   ├── EmptyFileError            empty-file
    │   ├── UnknownFormatError        unknown-format
    │   ├── CorruptFileError          corrupt-file
    │   ├── PictureSizeError          picture-size
    │   ├── FileTooLargeError         file-too-large
    │   ├── MissingLibraryError       missing-library
    │   ├── EncryptedFileError        encrypted-file
    │   ├── LinkCycleError            link-cycle
    │   ├── FileChangedError          file-changed
    │   ├── InvalidRecordError        invalid-record
    │   └── InvalidAnswerError        invalid-answer
    ├── DigitizationError             the picture was read but not understood
    │   ├── GridNotFoundError         grid-not-found
    │   ├── TraceNotFoundError        trace-not-found
    │   ├── LayoutNotFoundError       layout-not-found
    │   └── TimeLimitError            time-limit
    ├── MeasurementError              the record holds no signal to measure
    ├── LimitError                    the work on one ECG was stopped
    │   ├── WorkerTimeoutError        worker-timeout
    │   ├── MemoryLimitError          memory-limit
    │   └── WorkerDiedError           worker-died
    ├── RunInProgressError            run-in-progress
    ├── ModelFileError                model-file
    ├── NotApplicableError            the question does not apply to this person or file
    ├── NotAllowedError               the caller may not do this
    │   └── SignInError               sign-in: nobody, or not any more
    ├── PeerError                     another system did not answer as it should
    │   └── PeerRefusedError          peer-refused: and would refuse it again
    ├── StoreError                    store: the database could not be used
    │   └── SchemaError               store-schema
    ├── KeyFileError                  key-file: no usable keys
    │   └── SealedDataError           sealed-data
    └── CareError                     care: a clinic, person or visit is not as asked
        ├── NotFoundError             not-found
        ├── InvalidDataError          invalid-data
        ├── ClinicImportError         clinic-import
        ├── SlotTakenError            slot-taken
        ├── SlotNotOfferedError       slot-not-offered
        ├── HoldExpiredError          hold-expired
        ├── TooManyHoldsError         too-many-holds
        ├── AlreadyBookedError        already-booked
        ├── ChangedMeanwhileError     changed-meanwhile
        └── KeyReusedError            idempotency-key-reused

A message holds the value that was wrong and what was expected; `hint` says what to do next.
Exit codes and HTTP statuses are tables of the command line and of the REST server.
"""

from __future__ import annotations


class CardioAlertError(Exception):
    """Base of every expected failure.

    Attributes
    ----------
    code : str
        Stable, language-free name of the failure.
    message : str
        What was wrong, with the value.
    hint : str
        What the user can do about it.
    """

    code = "error"
    hint = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if hint is not None:
            self.hint = hint


class InputError(CardioAlertError):
    """The file could not be read."""

    code = "input"


class FileMissingError(InputError):
    """There is no such file."""

    code = "file-not-found"
    hint = "Check the path, or pass '-' to read standard input."


class EmptyFileError(InputError):
    """The file holds no bytes."""

    code = "empty-file"
    hint = "The copy or upload was probably interrupted: send the file again."


class UnknownFormatError(InputError):
    """The content is none of the formats CardioAlert reads."""

    code = "unknown-format"
    hint = (
        "Send a picture (JPEG, PNG, TIFF, WebP, HEIC, BMP), a PDF, or a record: DICOM, SCP-ECG, "
        "HL7 aECG, GE MUSE or Philips Sierra XML, EDF, ISHNE, WFDB, MATLAB with its header, CSV or "
        "JSON."
    )


class CorruptFileError(InputError):
    """The format is known, but the content breaks its rules."""

    code = "corrupt-file"
    hint = "The file is damaged or incomplete: export or photograph it again."


class PictureSizeError(InputError):
    """The picture has too few or too many pixels."""

    code = "picture-size"
    hint = "Send a picture between 0.1 and 120 megapixels."


class FileTooLargeError(InputError):
    """The file has more bytes than any single ECG needs."""

    code = "file-too-large"
    hint = "Send one ECG per file."


class MissingLibraryError(InputError):
    """An optional library is needed for this format."""

    code = "missing-library"


class EncryptedFileError(InputError):
    """The file is protected by a password."""

    code = "encrypted-file"
    hint = "Save it without a password."


class LinkCycleError(InputError):
    """A link in a folder leads back to where it came from."""

    code = "link-cycle"
    hint = "Nothing is lost: the folder is read once, where it really stands."


class FileChangedError(InputError):
    """A file is no longer what it was when the inventory was made."""

    code = "file-changed"
    hint = "Run the command again: changed files are taken up anew."


class InvalidRecordError(InputError):
    """The values do not make a valid ECG record."""

    code = "invalid-record"
    hint = "Check lead names, units (mV) and the sampling rate of the file."


class InvalidAnswerError(InputError):
    """An answer of the risk test is not of the kind its question asks for."""

    code = "invalid-answer"
    hint = 'Write the answers as JSON, such as {"age": 55, "sex": "male", "smoker": true}.'


class DigitizationError(CardioAlertError):
    """The picture was read but not understood."""

    code = "digitization"


class GridNotFoundError(DigitizationError):
    """No regular grid was found on the page."""

    code = "grid-not-found"
    hint = "Photograph the sheet flat, filling the frame, in even light and in focus."


class TraceNotFoundError(DigitizationError):
    """A grid was found, but no ECG trace on it."""

    code = "trace-not-found"
    hint = "Check that the printed curves are in the picture and not too pale."


class LayoutNotFoundError(DigitizationError):
    """The traces do not fit any printed layout that is known."""

    code = "layout-not-found"
    hint = "Photograph the whole sheet, one page a picture, or name the layout with --layout."


class TimeLimitError(DigitizationError):
    """The picture is so confusing that reading it would take too long."""

    code = "time-limit"
    hint = "Photograph one sheet only, filling the frame, without other patterns around it."


class MeasurementError(CardioAlertError):
    """The record holds nothing that can be measured."""

    code = "no-signal"
    hint = "Repeat the recording with all electrodes attached."


class LimitError(CardioAlertError):
    """The work on one ECG was stopped so that the others can go on."""

    code = "limit"


class WorkerTimeoutError(LimitError):
    """One ECG took longer than any should."""

    code = "worker-timeout"
    hint = "Look at the file by hand, or allow more time with --time-limit."


class MemoryLimitError(LimitError):
    """One ECG needed more memory than any should."""

    code = "memory-limit"
    hint = "Look at the file by hand, or allow more memory with --memory-limit."


class WorkerDiedError(LimitError):
    """The process that read the file broke down, again and again."""

    code = "worker-died"
    hint = "The file breaks a decoder: keep it away from other programs and report it."


class RunInProgressError(CardioAlertError):
    """Another run is writing to the same folder."""

    code = "run-in-progress"
    hint = "Wait until it ends, or name another folder with --out."


class ModelFileError(CardioAlertError):
    """A network file is missing or is not the one its card describes."""

    code = "model-file"
    hint = "Install the package again: pip install --force-reinstall cardioalert."


class NotApplicableError(CardioAlertError):
    """The question does not apply to this person or file."""

    code = "not-applicable"


class NotAllowedError(CardioAlertError):
    """The caller may not do this."""

    code = "not-allowed"


class SignInError(NotAllowedError):
    """Who calls is not known, or not any more."""

    code = "sign-in"
    hint = "Sign in again."


class PeerError(CardioAlertError):
    """Another system did not answer as it should."""

    code = "peer"
    hint = "Check the address and that the other system is running, then try again."


class PeerRefusedError(PeerError):
    """Another system refused what was sent, and would refuse it again."""

    code = "peer-refused"
    hint = "Read what it says, mend the cause, then send it again: cardioalert hl7 outbox retry"


class StoreError(CardioAlertError):
    """The database could not be used."""

    code = "store"
    hint = "Check CARDIOALERT_DATABASE_URL, and that the database is running and may be written."


class SchemaError(StoreError):
    """The tables of the database are not those of this version."""

    code = "store-schema"
    hint = "Run: cardioalert db upgrade"


class KeyFileError(CardioAlertError):
    """The encryption keys are missing, too short, readable by others, or not the right ones."""

    code = "key-file"
    hint = "Run: cardioalert keys init, or point CARDIOALERT_KEY_FILE at the right file."


class SealedDataError(KeyFileError):
    """A stored value cannot be opened: moved, damaged, erased, or sealed with another key."""

    code = "sealed-data"
    hint = "Restore the backup that belongs to this key file. Erased data does not come back."


class CareError(CardioAlertError):
    """A clinic, a person or a visit is not as asked."""

    code = "care"


class NotFoundError(CareError):
    """There is no such clinic, patient, booking or document."""

    code = "not-found"
    hint = "Check the identifier."


class InvalidDataError(CareError):
    """A value breaks the rules of its field."""

    code = "invalid-data"


class ClinicImportError(CareError):
    """A file of clinics was not understood."""

    code = "clinic-import"
    hint = "Send OSM or Overpass JSON, healthsites GeoJSON, CSV, or a FHIR bundle of Locations."


class SlotTakenError(CareError):
    """Every place of this time is taken."""

    code = "slot-taken"
    hint = "Choose another time: cardioalert book slots CLINIC"


class SlotNotOfferedError(CareError):
    """The clinic does not offer this time."""

    code = "slot-not-offered"
    hint = "Choose one of the listed times: cardioalert book slots CLINIC"


class HoldExpiredError(CareError):
    """The time was held, but not confirmed soon enough."""

    code = "hold-expired"
    hint = "Choose the time again; it may still be free."


class TooManyHoldsError(CareError):
    """One person holds as many unconfirmed times as allowed."""

    code = "too-many-holds"
    hint = "Confirm or cancel one of them first."


class AlreadyBookedError(CareError):
    """The patient has a visit for the same service at that time."""

    code = "already-booked"
    hint = "Move or cancel that visit to choose another time."


class ChangedMeanwhileError(CareError):
    """Somebody else changed it in the meantime, or it can no longer be changed."""

    code = "changed-meanwhile"
    hint = "Look at it again, then repeat the change if it is still wanted."


class KeyReusedError(CareError):
    """The idempotency key was used for a different request before."""

    code = "idempotency-key-reused"
    hint = "Use a new key for every new request."
