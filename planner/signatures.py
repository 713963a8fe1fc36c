"""A signature drawn on the tablet: only a real, small picture with some ink in it is taken."""

import base64
import binascii
import hashlib
import io

from PIL import Image, UnidentifiedImageError

from planner.errors import SignatureRefused

PREFIX = "data:image/png;base64,"
MAX_BYTES = 200_000
MAX_WIDTH, MAX_HEIGHT = 2400, 1200
LEAST_INK = 60  # dark points; a dot or a slip of the pen has fewer
LEAST_WIDTH = 25  # points from the leftmost ink to the rightmost


def png_of(data_url: str) -> bytes:
    """The drawing as a PNG of our own making, black on white; SignatureRefused says why not."""
    if not data_url:
        raise SignatureRefused("Sign in the field, or choose: signed on paper.")
    if not data_url.startswith(PREFIX):
        raise SignatureRefused("The signature did not arrive as a drawing. Sign once more.")
    if len(data_url) > MAX_BYTES * 4 // 3 + len(PREFIX):
        raise SignatureRefused(
            "This drawing is too large for a signature. Clear it and sign again."
        )
    try:
        raw = base64.b64decode(data_url.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise SignatureRefused("The signature arrived damaged. Sign once more.") from None
    ink = _ink(raw)
    box = ink.point(lambda value: 255 if value < 160 else 0).getbbox()
    dark = sum(ink.histogram()[:160])
    if box is None or dark < LEAST_INK or box[2] - box[0] < LEAST_WIDTH:
        raise SignatureRefused("The field is empty or holds only a dot. Sign inside it.")
    out = io.BytesIO()
    ink.save(out, "PNG", optimize=True)
    return out.getvalue()


def _ink(raw: bytes) -> Image.Image:
    """The drawing in greys on white, whatever was transparent before."""
    try:
        with Image.open(io.BytesIO(raw), formats=["PNG"]) as drawn:
            if drawn.width > MAX_WIDTH or drawn.height > MAX_HEIGHT:
                raise SignatureRefused("This drawing is too large for a signature.")
            drawn.load()
            layer = drawn.convert("RGBA")
    except SignatureRefused:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise SignatureRefused("The signature arrived damaged. Sign once more.") from None
    paper = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(paper, layer).convert("L")


def data_url(png: bytes) -> str:
    return PREFIX + base64.b64encode(png).decode()


def sha256(png: bytes) -> str:
    return hashlib.sha256(png).hexdigest()
