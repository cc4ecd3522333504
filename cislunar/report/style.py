"""How every figure looks: palette, line styles, a private matplotlib context, and saving as PNG and SVG.

Nothing here touches pyplot or leaves a changed `rcParams` behind: a figure is built inside :func:`drawing`,
which starts from matplotlib's defaults (so that the caller's style does not leak in either) and restores the
caller's settings on the way out.

References
----------
Okabe, M. and Ito, K. (2008), Color Universal Design: a palette that stays distinct for the common kinds of
colour blindness. https://jfly.uni-koeln.de/color/
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PNG_DPI = 150
"""Resolution of the PNG files and of the rasterised artists inside the SVG files."""

BLACK = "#000000"
GREY = "#6b6b6b"
LIGHT = "#e4e4e4"
ORANGE = "#e69f00"
SKY = "#56b4e9"
GREEN = "#009e73"
YELLOW = "#f0e442"
BLUE = "#0072b2"
VERMILLION = "#d55e00"
PURPLE = "#cc79a7"

SERIES: tuple[tuple[str, Any, str], ...] = (
    (BLUE, "-", "o"),
    (VERMILLION, (0, (5, 2)), "s"),
    (GREEN, (0, (1, 1.3)), "^"),
    (PURPLE, (0, (6, 1.5, 1, 1.5)), "D"),
    (ORANGE, (0, (3, 1, 1, 1, 1, 1)), "v"),
    (SKY, (0, (9, 3)), "P"),
)
"""Colour, line style and marker of the first, second, ... spacecraft: told apart without colour too."""

_STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "grid.color": "#d9d9d9",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "lines.linewidth": 1.3,
    "text.hinting": "none",  # at this resolution hints change little, and they take a tenth of the time
    "figure.dpi": 100,
    "savefig.dpi": PNG_DPI,
    "svg.fonttype": "path",
    "svg.hashsalt": "cislunar",
    "path.simplify": True,
    "path.simplify_threshold": 0.2,
}

_LINE_IN = 0.19
"""Height of a further line of title or subtitle, inches."""

P = ParamSpec("P")


def series(names: Iterable[str]) -> dict[str, tuple[str, Any, str]]:
    """Give each spacecraft of a mission its colour, line style and marker, the same in every figure."""
    return {name: SERIES[number % len(SERIES)] for number, name in enumerate(names)}


def _settings() -> Any:
    """Give matplotlib's defaults with the style above, all but the choice of backend."""
    import matplotlib

    defaults: dict[Any, Any] = dict(matplotlib.rcParamsDefault)
    return {key: value for key, value in {**defaults, **_STYLE}.items() if not key.startswith("backend")}


def drawing(function: Callable[P, Figure]) -> Callable[P, Figure]:
    """Run a function that builds a figure with the report's settings, leaving the caller's untouched."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Figure:
        import matplotlib

        with matplotlib.rc_context(_settings()):
            return function(*args, **kwargs)

    return wrapped


def new_figure(width_in: float, height_in: float, title: str, *, subtitle: str = "") -> Figure:
    """Give an empty figure with its own canvas, a title that states the answer and a line of detail.

    Parameters
    ----------
    width_in, height_in : float
        Size in inches; a title or subtitle too long for one line makes the figure taller.
    title : str
        The statement in bold at the top left; dollar signs are shown as they are.
    subtitle : str, optional
        A second line in grey.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    titles = textwrap.wrap(title, int(11.0 * width_in)) or [""]
    details = textwrap.wrap(subtitle, int(15.5 * width_in)) or [""]
    height_in += (len(titles) + len(details) - 2) * _LINE_IN
    figure = Figure(figsize=(width_in, height_in))
    FigureCanvasAgg(figure)
    look: dict[str, Any] = {"x": 0.012, "ha": "left", "va": "top"}
    top, below = 0.10, 0.32 + (len(titles) - 1) * _LINE_IN
    figure.suptitle(
        plain("\n".join(titles)), y=1.0 - top / height_in, fontsize=11.0, fontweight="bold", **look
    )
    if subtitle:
        figure.text(
            y=1.0 - below / height_in, s=plain("\n".join(details)), fontsize=8.5, color="#444444", **look
        )
    return figure


def plain(text: str) -> str:
    """Protect a text from matplotlib's mathematics mode, whatever names a scenario gives."""
    return text.replace("$", r"\$")


def inches(
    figure: Figure, left: float, bottom: float, right: float, top: float
) -> tuple[float, float, float, float]:
    """Turn margins in inches into the `(left, bottom, width, height)` fraction that `Figure.add_axes` takes.

    The top margin is for a title and a subtitle of one line each and grows with every further line.
    """
    width, height = figure.get_size_inches()
    top += sum(text.get_text().count("\n") for text in figure.texts) * _LINE_IN
    return (left / width, bottom / height, 1.0 - (left + right) / width, 1.0 - (bottom + top) / height)


def legend_above(axes: Axes, columns: int = 4, **options: Any) -> None:
    """Put the legend in a row above the axes, where it cannot cover data; none if nothing has a label."""
    if not axes.get_legend_handles_labels()[0] and "handles" not in options:
        return
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=columns,
        borderaxespad=0.15,
        handlelength=2.6,
        columnspacing=1.4,
        **options,
    )


def save(figure: Figure, stem: Path) -> tuple[Path, Path]:
    """Write `stem.png` and `stem.svg`; the bytes depend on the figure alone, not on the clock.

    Returns
    -------
    tuple of Path
        The PNG and the SVG file.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    png, svg = stem.with_name(stem.name + ".png"), stem.with_name(stem.name + ".svg")
    with matplotlib.rc_context(_settings()):
        screen_dpi = figure.dpi
        figure.set_dpi(PNG_DPI)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        picture.save(png, compress_level=3, dpi=(PNG_DPI, PNG_DPI))
        figure.set_dpi(screen_dpi)
        figure.savefig(svg, dpi=PNG_DPI, metadata={"Date": None, "Creator": "cislunar"})
    return png, svg


def title_of(figure: Figure) -> str:
    """Give the statement a figure carries as its title."""
    return figure.get_suptitle().replace(r"\$", "$").replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ")
