"""The headings and fixed sentences of a report."""

from __future__ import annotations

from collections.abc import Mapping

from cardioalert.i18n import translate as _


def headings() -> Mapping[str, str]:
    """Return every heading and fixed sentence by name, in the chosen language."""
    return {
        "report": _("ECG report"),
        "for_patient": _("For the patient"),
        "for_clinician": _("For the clinician"),
        "unconfirmed": _("Unconfirmed: not yet reviewed by a physician"),
        "unconfirmed_short": _("UNCONFIRMED"),
        "found": _("What the ECG shows"),
        "nothing": _("No rule that could be judged has fired."),
        "to_do": _("What to do"),
        "well_read": _("How well the ECG could be read"),
        "next_step": _("Your appointment"),
        "booking": _("Booking code"),
        "show_code": _("Show this code at the clinic."),
        "danger_title": _("Call 103 at once"),
        "danger": _(
            "with chest pain or pressure lasting more than 5 minutes, breathlessness at rest, "
            "fainting, or sudden weakness of the face, an arm or speech, whatever this report says."
        ),
        "no_diagnosis": _(
            "This report is no diagnosis. A normal result does not rule out a heart attack. "
            "Show it to a doctor."
        ),
        "about": _("What was read"),
        "summary": _("Result"),
        "urgency": _("Urgency"),
        "measurements": _("Measurements"),
        "findings": _("Findings"),
        "for": _("For"),
        "against": _("Against"),
        "decided_by": _("Decided by"),
        "clinic_advice": _("Next steps for the clinic"),
        "not_assessed": _("Not assessed"),
        "comparison": _("Comparison with the previous ECG"),
        "beats": _("Median beat"),
        "details": _("Details"),
        "software": _("Program and networks"),
        "limits": _("Limits of the method"),
        "signature": _("Review by a physician"),
        "signature_note": _(
            "This report is unconfirmed until a physician has reviewed and signed it."
        ),
        "confirmed": _("Confirmed"),
        "changed": _("Confirmed with changes"),
        "rejected": _("Not confirmed"),
        "name": _("Name"),
        "date": _("Date and time"),
        "sign": _("Signature"),
        "remarks": _("Remarks"),
        "page": _("Page"),
        "contents": _("Contents"),
    }
