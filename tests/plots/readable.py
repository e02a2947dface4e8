"""Whether what a legend names can be told apart by readers who see no colours, or not all."""

import itertools

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

MOST = 8  # entries of a legend that dashes, markers and hatches can tell apart
LEAST = 20.0  # difference in lightness L* (CIELAB), of 100
WIDER = 2.0  # times as wide is another line
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear red, green and blue, ITU-R BT.709
# What is left to readers without green cones: Machado et al. 2009, table 1, severity 1, on linear colours.
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)


def require_readable(figure):
    """Refuse a legend with two entries that differ in colours alone, and these too near in grey or without green.

    Longer legends than `MOST` are left to the tests of their figures.
    """
    for axes in figure.axes:
        handles, labels = axes.get_legend_handles_labels()
        if len(handles) > MOST:
            continue
        for (one, name), (other, another) in itertools.combinations(zip(handles, labels, strict=True), 2):
            assert _apart(one, other), f"'{name}' and '{another}' in '{axes.get_title(loc='left')}' look alike in grey"


def lightness(colour, seen=None):
    """L* of a colour on white, as it is or as it is seen."""
    *rgb, alpha = to_rgba(colour)
    mixed = np.array(rgb) * alpha + 1 - alpha
    linear = np.where(mixed <= 0.04045, mixed / 12.92, ((mixed + 0.055) / 1.055) ** 2.4)
    luminance = float(LUMINANCE @ np.clip(linear if seen is None else seen @ linear, 0, 1))
    return 116 * np.cbrt(luminance) - 16 if luminance > 0.008856 else 903.3 * luminance


def _apart(one, other):
    one, other = (handle[0] if isinstance(handle, ErrorbarContainer) else handle for handle in (one, other))
    if isinstance(one, Line2D) and isinstance(other, Line2D):
        if _drawn(one) != _drawn(other):
            return True
        widths = sorted((one.get_linewidth(), other.get_linewidth()))
        return widths[1] >= WIDER * widths[0] or _colours_apart(one.get_color(), other.get_color())
    if isinstance(one, Patch) and isinstance(other, Patch):
        same = one.get_hatch() == other.get_hatch()
        return not same or _colours_apart(one.get_facecolor(), other.get_facecolor())
    return True


def _drawn(line):
    dashes = line._unscaled_dash_pattern[1]  # matplotlib does not tell tuples apart otherwise
    return line.get_linestyle(), None if dashes is None else tuple(dashes), line.get_marker()


def _colours_apart(one, other):
    return all(abs(lightness(one, seen) - lightness(other, seen)) >= LEAST for seen in (None, DEUTERANOPIA))
