"""A plain page whose every millimetre is known."""

from dataclasses import replace

from synthesis.design import GridStyle, InkStyle, Lettering, PageDesign
from synthesis.layouts import make_layout
from synthesis.lettering import FONT_FILES


def plain_design(**changes) -> PageDesign:
    layout = changes.pop("layout", make_layout("3x4", rhythm=("II",)))
    design = PageDesign(
        seed=5,
        layout=layout,
        width=220.0,
        height=150.0,
        left=15.0,
        first_row=25.0,
        row_spacing=30.0,
        column_width=200.0 / layout.columns,
        row_jitter=(0.0,) * len(layout.rows),
        paper=(255, 255, 255),
        grid=GridStyle(kind="none", colour=(240, 120, 140)),
        grid_origin=(0.0, 0.0),
        ink=InkStyle(colour=(0, 0, 0), stroke=0.4),
        lettering=Lettering(
            font=FONT_FILES[0], size=3.0, place="above", offset=8.0, colour=(0, 0, 0)
        ),
        pulse="none",
    )
    return replace(design, **changes)
