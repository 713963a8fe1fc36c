"""Taking in a photo: only a real, still, sane picture, and nothing of what it carries besides."""

import hashlib
import io
import warnings
from contextlib import contextmanager

from django.core.files.base import ContentFile
from django.db import transaction
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from patients.errors import PhotoRefused
from patients.models import Photo

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 60_000_000
MAX_SIDE = 3000  # kept; larger ones are made smaller
MIN_SIDE = 200
FORMATS = ("JPEG", "PNG", "WEBP")


def add_photo(*, patient, by, file, view, taken_on, region="", assessment=None) -> Photo:
    """Store `file` re-encoded as JPEG, upright and without metadata; PhotoRefused says why not."""
    content, size = cleaned(file)
    photo = Photo(
        patient=patient,
        assessment=assessment,
        view=view,
        region=region,
        taken_on=taken_on,
        uploaded_by=by,
        sha256=hashlib.sha256(content).hexdigest(),
        width=size[0],
        height=size[1],
    )
    photo.file.save("photo.jpg", ContentFile(content), save=False)
    try:
        with transaction.atomic():
            photo.save(force_insert=True)
    except Exception:
        photo.file.delete(save=False)
        raise
    return photo


def cleaned(file) -> tuple[bytes, tuple[int, int]]:
    """The picture in `file` as JPEG bytes of our own making, and its width and height."""
    if file.size > MAX_BYTES:
        raise PhotoRefused(f"This file is larger than {MAX_BYTES // 2**20} MB.")
    try:
        with warnings.catch_warnings(), _whole_pictures_only():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = _opened(file)
            picture.load()
    except PhotoRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoRefused("This picture has too many pixels.") from None
    except UnidentifiedImageError:
        raise PhotoRefused("This file is not a picture. Choose a JPEG, PNG or WebP.") from None
    except Exception:
        raise PhotoRefused("This picture is damaged or incomplete. Take it again.") from None
    return _encoded(picture)


@contextmanager
def _whole_pictures_only():
    """WeasyPrint, once loaded, lets Pillow pass half a picture for a whole one."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _opened(file):
    picture = Image.open(file, formats=FORMATS)
    if getattr(picture, "n_frames", 1) > 1:
        raise PhotoRefused("This is an animated picture. Choose a still one.")
    if picture.width * picture.height > MAX_PIXELS:
        raise PhotoRefused("This picture has too many pixels.")
    if min(picture.size) < MIN_SIDE:
        raise PhotoRefused(f"This picture is too small: {MIN_SIDE} pixels a side at least.")
    return picture


def _encoded(picture) -> tuple[bytes, tuple[int, int]]:
    """Drawn anew, so that no metadata, thumbnail or trailing data of the sender's survives."""
    upright = ImageOps.exif_transpose(picture).convert("RGB")
    upright.thumbnail((MAX_SIDE, MAX_SIDE))
    fresh = Image.new("RGB", upright.size)
    fresh.paste(upright)
    out = io.BytesIO()
    fresh.save(out, "JPEG", quality=90, optimize=True)
    return out.getvalue(), fresh.size
