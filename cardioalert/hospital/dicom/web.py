"""DICOMweb: store, find and fetch objects at a PACS over HTTP."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pydicom
from pydicom.dataset import Dataset

from cardioalert.errors import PeerError, PeerRefusedError
from cardioalert.hospital.dicom.objects import to_bytes
from cardioalert.hospital.libraries import library
from cardioalert.i18n import translate as _


class Web:
    """One DICOMweb server.

    Parameters
    ----------
    url : str
        Such as `http://pacs.example.org/dicom-web`.
    token : str
        A bearer token; empty: none.
    """

    def __init__(self, url: str, *, token: str = "") -> None:
        api = library("dicomweb_client.api")
        headers = {"Authorization": f"Bearer {token}"} if token else None
        self.url = url
        self._client = api.DICOMwebClient(url, headers=headers)

    def store(self, objects: Sequence[Dataset]) -> int:
        """Store objects (STOW-RS) and return how many the server took.

        Raises
        ------
        PeerError
        """
        # the client writes a bare dataset without a preamble, and archives keep it so
        whole = [pydicom.dcmread(io.BytesIO(to_bytes(one))) for one in objects]
        answer = self._ask("store_instances", whole)
        failed = answer.get("FailedSOPSequence") or ()
        if failed:
            raise PeerRefusedError(
                _(
                    "{url} refused {count} of {all} objects",
                    url=self.url,
                    count=len(failed),
                    all=len(objects),
                )
            )
        return len(answer.get("ReferencedSOPSequence") or ())

    def find_studies(self, **keys: str) -> list[Dataset]:
        """Find studies (QIDO-RS) by keywords such as `PatientName` or `AccessionNumber`."""
        found = self._ask("search_for_studies", search_filters=keys)
        return [Dataset.from_json(one) for one in found]

    def fetch_study(self, study_uid: str) -> list[Dataset]:
        """Fetch the objects of a study (WADO-RS)."""
        return list(self._ask("retrieve_study", study_uid))

    def _ask(self, method: str, *values: Any, **options: Any) -> Any:
        """Call the client; turn what it raises into one error."""
        try:
            return getattr(self._client, method)(*values, **options)
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            raise PeerError(
                _("{url} did not answer as it should: {error}", url=self.url, error=error)
            ) from error
