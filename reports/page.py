"""One self-contained HTML page: fill a template with figures, script and style, and write it."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from reports import formats
from reports.figures import Figure, Spec
from reports.sentences import counted
from studies.record.files import write_whole

__all__ = ["file_name", "render", "write"]

LONGEST_SLUG = 60  #: characters; file systems allow 255 bytes
PLAIN_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
HASHED_SLUG = re.compile(r".*-[0-9a-f]{12}")


def render(template: str, figures: Mapping[str, Figure], **context: object) -> str:
    """Fill a template; the page contains plotly, its own script and the JSON of each figure once."""
    specs = {plot.name: _spec(plot.data, plot.layout) for figure in figures.values() for plot in figure.plots}
    scripts = [_plotly(), _source("page.js")] if specs else [_source("page.js")]
    filled = _environment().get_template(template)
    return filled.render(
        **context,
        figures=figures,
        plots=specs,
        scripts=scripts,
        style=_source("style.css"),
        script_hashes=[_csp_hash(script) for script in scripts],
    )


def write(html: str, folder: Path, name: str) -> Path:
    """Write the page into the folder, which is created if it is missing; a reader never sees half a page."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(name)
    write_whole(path, html)
    return path


def file_name(name: str) -> str:
    """Return the file name of a page: a plain name is kept, any other is made plain and gets a hash of the original.

    A plain name that ends like such a hash gets one too, so that two names never share a file.
    """
    if PLAIN_SLUG.fullmatch(name) and len(name) <= LONGEST_SLUG and not HASHED_SLUG.fullmatch(name):
        return f"{name}.html"
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name)[:LONGEST_SLUG].strip("-") or "study"
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{slug}-{digest}.html"


def _spec(data: list[Spec], layout: Spec) -> Spec:
    return {"data": data, "layout": layout}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # NaN is not valid JSON: an error here is better than a page with empty figures
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    environment.globals["counted"] = counted
    environment.filters |= {"count": formats.count, "duration": formats.duration, "metric": formats.metric_name}
    return environment


def _finalize(value: object) -> object:
    return formats.visible(value) if type(value) is str else value


@cache
def _plotly() -> str:
    return str(get_plotlyjs())


@cache
def _source(name: str) -> str:
    """Return the text of a file of the templates; it is not a template, so its hash does not change."""
    loader = _environment().loader
    assert loader is not None
    return loader.get_source(_environment(), name)[0]


def _csp_hash(script: str) -> str:
    """Hash for the Content-Security-Policy: if a name from outside ever became a script, it would not run."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
