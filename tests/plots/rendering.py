import io

from matplotlib.figure import Figure
from PIL import Image


def rendered(figure: Figure) -> tuple[int, int]:
    """The picture's size: drawing it is what finds a bad figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=30)
    return Image.open(buffer).size
