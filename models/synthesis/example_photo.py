"""Draw and photograph `examples/ecg_photo.jpg`: `python -m synthesis.example_photo --help`.

The signal is the 12-lead recording that pydicom ships for its own tests (MIT licence,
`waveform_ecg.dcm`). The same seed gives the same picture.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.waveforms import multiplex_array

from synthesis.camera import photograph
from synthesis.cameras import Camera
from synthesis.design import GridStyle, InkStyle, Lettering, PageDesign
from synthesis.layouts import LEADS, make_layout
from synthesis.lettering import FONT_FILES
from synthesis.page import draw_page
from synthesis.recordings import Recording

SEED = 12
SIZE = (2400, 1800)  # px
QUALITY = 82
HEADER = (
    "SAMPLE RECORDING, not a patient",
    "pydicom test file waveform_ecg.dcm",
    "12 leads, resting ECG",
)
FOOTER = ("25 mm/s   10 mm/mV   0.05-40 Hz   AC 50 Hz",)


def read_sample() -> Recording:
    """Read pydicom's recording, millivolts, in the order of `layouts.LEADS`."""
    dataset = pydicom.dcmread(get_testdata_file("waveform_ecg.dcm"))
    group = dataset.WaveformSequence[0]
    channels = group.ChannelDefinitionSequence
    names = [_lead_name(c.ChannelSourceSequence[0].CodeMeaning) for c in channels]
    to_mv = np.array([_millivolts(c) for c in channels])
    signal = multiplex_array(dataset, 0, as_raw=False).T * to_mv[:, None]
    ordered = np.stack([signal[names.index(lead)] for lead in LEADS])
    centred = ordered - np.median(ordered, axis=1, keepdims=True)
    rate = float(group.SamplingFrequency)
    return Recording(name="pydicom", signal=centred.astype(np.float32), sampling_rate=rate)


def _lead_name(meaning: str) -> str:
    """Turn "Lead aVR (Einthoven)" into "aVR"."""
    return next(word for word in meaning.replace("(", " ").split() if word in LEADS)


def _millivolts(channel) -> float:  # noqa: ANN001
    """Millivolts per unit of a DICOM channel."""
    unit = channel.ChannelSensitivityUnitsSequence[0].CodeValue
    return {"uV": 1e-3, "mV": 1.0, "V": 1e3}[unit]


def example_design() -> PageDesign:
    """A 6x2 page on pink paper: 5 s a lead, so that one disturbed beat does not decide."""
    font = next(name for name in FONT_FILES if name.endswith("DejaVuSans.ttf"))
    return PageDesign(
        seed=SEED,
        layout=make_layout("6x2"),
        width=284.0,
        height=206.0,
        left=21.0,
        first_row=50.0,
        row_spacing=26.0,
        column_width=125.0,
        row_jitter=(0.0,) * 6,
        paper=(253, 243, 241),
        grid=GridStyle(
            kind="lines",
            colour=(232, 110, 125),
            major_width=0.2,
            minor_width=0.1,
            major_strength=0.75,
            minor_strength=0.5,
        ),
        grid_origin=(1.0, 3.0),
        ink=InkStyle(colour=(25, 24, 28), stroke=0.32, fade=0.15),
        lettering=Lettering(
            font=font,
            size=4.2,
            place="above",
            offset=9.0,
            colour=(25, 24, 28),
            header=HEADER,
            footer=FOOTER,
            header_size=4.0,
        ),
        separator="ticks",
        pulse="left",
    )


def example_camera() -> Camera:
    """A phone held by hand over a table."""
    return Camera(
        seed=SEED,
        scale=8.0,
        tilt=0.045,
        turn=-1.4,
        curl=2.2,
        wobble=0.6,
        crease=0.35,
        blur=0.7,
        shade=0.2,
        shadow=0.22,
        warmth=0.025,
        exposure=0.93,
        noise=2.5,
        sharpen=0.6,
        jpeg=100,
    )


def example_photo() -> NDArray[np.uint8]:
    """The picture, uint8 (1800, 2400, 3) RGB."""
    recording = read_sample()
    page = draw_page(
        example_design(), recording.signal, sampling_rate=recording.sampling_rate, scale=16.0
    )
    border = (300.0 - page.size[0]) / 2
    top = (225.0 - page.size[1]) / 2
    frame = (-border, -top, 300.0 - border, 225.0 - top)
    rgb = photograph(page, example_camera(), frame=frame).rgb
    return cv2.resize(rgb, SIZE, interpolation=cv2.INTER_AREA)


def main() -> None:
    """Write the JPEG."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("../examples/ecg_photo.jpg"))
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    bgr = np.ascontiguousarray(example_photo()[..., ::-1])
    cv2.imwrite(str(options.out), bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


if __name__ == "__main__":
    main()
