"""One page for whoever asked for the run: what the archive shows, in one file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import PurePosixPath
from typing import Final, TextIO

from cardioalert.archive.entries import entry_of
from cardioalert.archive.summary import Summary

URGENCY_COLORS: Final = {
    "red": "#b3261e",
    "orange": "#b45309",
    "yellow": "#8a6d00",
    "green": "#1b6e3c",
    "grey": "#5f6368",
}
BAR_COLOR: Final = "#2f5d8a"
MOST_ROWS: Final = 40

_STYLE: Final = """
body { font: 16px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem;
  color: #1b1b1b; background: #fff }
h1 { font-size: 1.6rem } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem }
table { border-collapse: collapse; width: 100% } caption { text-align: left; color: #555 }
th, td { text-align: left; padding: .2rem .6rem .2rem 0; vertical-align: top }
th { font-weight: 400 } td.n { text-align: right; width: 6rem; font-variant-numeric: tabular-nums }
td.bar { width: 45% } td.bar span { display: block; height: .9rem; min-width: 2px }
.note { color: #555 } .path { overflow-wrap: anywhere; font-size: .9rem }
@media print { body { margin: 0 } }
"""


def write_overview(summary: Summary, file: TextIO, *, with_links: bool) -> None:
    """Write the page; links to files only where their names are told."""
    file.write(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>CardioAlert: an archive of {summary.scored} ECGs</title>\n"
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>An archive of {summary.scored:,} ECGs</h1>\n"
        f"<p>{summary.scored:,} ECGs were scored, {summary.copies:,} files held the same as "
        f"another one, and {summary.refused:,} files could not be read. "
        "No physician has confirmed any of this; a finding that is missing here is not ruled out."
        "</p>\n"
    )
    sections: tuple[tuple[str, Mapping[str, int], Mapping[str, str]], ...] = (
        ("Urgency", summary.by_urgency, URGENCY_COLORS),
        ("Findings: present", summary.present, {}),
        ("Findings: possible", summary.possible, {}),
        ("Not assessed", summary.not_assessed, {}),
        ("Quality of digitized pages", summary.by_quality, {}),
        ("Layouts", summary.by_layout, {}),
        ("Kinds of files", summary.by_kind, {}),
        ("Age, years", summary.by_age, {}),
        ("Sex", summary.by_sex, {}),
        ("Could not be read (quarantine.csv)", summary.refusals, {}),
    )
    for title, counts, colors in sections:
        if counts:
            file.writelines(_bars(title, counts, colors, ordered=title.startswith("Age")))
    file.writelines(_agreement(summary))
    file.writelines(_disagreements(summary, with_links=with_links))
    file.writelines(_worst(summary, with_links=with_links))
    file.write("</main>\n</body>\n</html>\n")


def _bars(
    title: str, counts: Mapping[str, int], colors: Mapping[str, str], *, ordered: bool
) -> Iterable[str]:
    """Write a table of counts with bars, the largest first unless the names have an order."""
    rows = list(counts.items())
    if colors:
        rows.sort(key=lambda row: list(colors).index(row[0]) if row[0] in colors else len(colors))
    elif not ordered:
        rows.sort(key=lambda row: (-row[1], row[0]))
    largest = max(counts.values())
    yield f"<h2>{escape(title)}</h2>\n<table>\n"
    for name, count in rows[:MOST_ROWS]:
        color = colors.get(name, BAR_COLOR)
        yield (
            f'<tr><th scope="row">{escape(name)}</th><td class="n">{count:,}</td>'
            f'<td class="bar"><span style="width:{100 * count / largest:.1f}%;background:{color}">'
            "</span></td></tr>\n"
        )
    if len(rows) > MOST_ROWS:
        yield f"<caption>The {MOST_ROWS} most frequent of {len(rows)}</caption>\n"
    yield "</table>\n"


def _agreement(summary: Summary) -> Iterable[str]:
    """Write how often the archive's own statements and our findings agree."""
    if not summary.agreement:
        return
    yield (
        "<h2>The archive's own statements</h2>\n"
        f'<p class="note">{summary.compared:,} ECGs carry a statement of a cart, a physician or a '
        "table that we understand. Neither side is the truth.</p>\n<table>\n<tr>"
    )
    heads = ("Finding", "stated", "present", "possible", "not found", "found, not stated")
    yield "".join(f'<th scope="col">{head}</th>' for head in heads) + "</tr>\n"
    for each in summary.agreement:
        counts = (each.stated, each.present, each.possible, each.not_found, each.not_stated)
        cells = "".join(f'<td class="n">{count:,}</td>' for count in counts)
        yield f'<tr><th scope="row">{escape(each.finding)}</th>{cells}</tr>\n'
    yield "</table>\n"


_KINDS: Final = {
    "danger-only-stated": "The archive states a danger that we do not find",
    "red-but-stated-normal": "We say red, the archive says normal",
}


def _disagreements(summary: Summary, *, with_links: bool) -> Iterable[str]:
    """Write the ECGs in which the archive and we differ most, with links to their files."""
    for kind, title in _KINDS.items():
        rows = [each for each in summary.disagreements if each.kind == kind]
        if not rows:
            continue
        yield f"<h2>{title}</h2>\n<table>\n"
        for each in rows:
            yield (
                f'<tr><td class="path">{_link(each.name, with_links=with_links)}</td>'
                f"<td>stated: {escape(', '.join(each.stated))}</td>"
                f"<td>{escape(each.urgency)}: {escape(', '.join(each.found))}</td></tr>\n"
            )
        yield "</table>\n"


def _link(name: str, *, with_links: bool) -> str:
    """Return a name, as a link where a file of this machine stands behind it."""
    file = entry_of(name).path if with_links else ""
    if not file.startswith("/"):
        return escape(name)
    return f'<a href="{escape(PurePosixPath(file).as_uri())}">{escape(name)}</a>'


def _worst(summary: Summary, *, with_links: bool) -> Iterable[str]:
    """Write the first of the red ECGs; all of them are in the work list."""
    if not summary.worst:
        return
    yield "<h2>Look at these first</h2>\n"
    yield '<p class="note">Red ECGs; red and orange ones are all in worklist.csv.</p>\n<table>\n'
    for urgent in summary.worst:
        what = ", ".join((*urgent.present, *(f"{code} (possible)" for code in urgent.possible)))
        link = _link(urgent.name, with_links=with_links)
        yield f'<tr><td class="path">{link}</td><td>{escape(what)}</td></tr>\n'
    yield "</table>\n"
