"""One self-contained HTML page: templates, script and style put together, and written as a whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
import uuid
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from reports import formats
from reports.charts import Figure, Spec

__all__ = ["file_name", "render", "write", "write_whole"]

LONGEST_SLUG = 60  #: letters; file systems take 255 bytes, people read fewer
PLAIN_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
HASHED_SLUG = re.compile(r".*-[0-9a-f]{12}")


def render(template: str, figures: Mapping[str, Figure], **context: object) -> str:
    """Fill a template; the figures' JSON, plotly and the page's own script each go in once."""
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
    """Write the page into the folder, made where it is missing; a reader never sees half a page."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(name)
    write_whole(path, html)
    return path


def write_whole(path: Path, text: str) -> None:
    """Write the file as a whole or not at all; the OSError of a full disk names it."""
    draft = path.with_name(f".{path.stem}.{uuid.uuid4().hex}.tmp")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error
    finally:
        draft.unlink(missing_ok=True)


def file_name(name: str) -> str:
    """A plain name stays as it is; any other is made plain and told apart by a hash of what it was.

    A plain name that itself ends like a hash is hashed too, so that it cannot meet another's.
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
    # a NaN is no JSON: better an error here than a page whose figures stay empty
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    environment.filters |= {"count": formats.count, "duration": formats.duration, "metric": formats.metric_name}
    return environment


def _finalize(value: object) -> object:
    return formats.visible(value) if type(value) is str else value


@cache
def _plotly() -> str:
    return str(get_plotlyjs())


@cache
def _source(name: str) -> str:
    """A file of the templates as it is; it passes through no template engine, so its hash stays true."""
    loader = _environment().loader
    assert loader is not None
    return loader.get_source(_environment(), name)[0]


def _csp_hash(script: str) -> str:
    """The page names its scripts by hash: should a name from outside ever become markup, it still could not run."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
