"""Photos: taking in only a real, still, sane picture, and what may be done with it afterwards.

Photos illustrate. Nothing is read from them.
"""

import base64
import hashlib
import io
import warnings
from contextlib import contextmanager

import pghistory
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from PIL import Image, ImageCms, ImageFile, ImageOps, UnidentifiedImageError

from patients.errors import PhotoRefused, WithdrawnAlready
from patients.models import Photo, PhotoConsent

MIN_SIDE = 200
THUMBNAIL_SIDE = 480
FORMATS = ("JPEG", "PNG", "WEBP")
STILL_OF_SEVERAL = "MPO"  # a phone's JPEG with a depth map or a second exposure behind the first


def add_photo(*, patient, by, file, view, taken_on, region="", assessment=None) -> Photo:
    """Store `file` re-encoded as JPEG, upright and without metadata; PhotoRefused says why not."""
    picture = cleaned(file)
    content = _jpeg(picture)
    photo = Photo(
        patient=patient,
        assessment=assessment,
        view=view,
        region=region,
        taken_on=taken_on,
        uploaded_by=by,
        sha256=hashlib.sha256(content).hexdigest(),
        width=picture.width,
        height=picture.height,
    )
    if patient.photos.standing().filter(sha256=photo.sha256).exists():
        raise PhotoRefused("This photo is in the record already.")
    try:
        photo.file.save("photo.jpg", ContentFile(content), save=False)
        photo.thumbnail.save("small.jpg", ContentFile(_thumbnail(picture)), save=False)
        with transaction.atomic(), pghistory.context(user=str(by.pk)):
            photo.save(force_insert=True)
    except Exception:
        for stored in (photo.file, photo.thumbnail):
            if stored:
                stored.delete(save=False)
        raise
    return photo


def withdraw_photo(*, photo, by, reason) -> None:
    """Take a photo out of every page and document; it stays in the history with the reason."""
    _withdraw(photo, by, reason)


def _withdraw(row, by, reason, **also):
    stamp = {"withdrawn_at": timezone.now(), "withdrawn_by": by, "withdrawn_reason": reason, **also}
    with pghistory.context(user=str(by.pk)):
        if not type(row).objects.standing().filter(pk=row.pk).update(**stamp):
            raise WithdrawnAlready
    row.refresh_from_db()


# --- consent ------------------------------------------------------------------------------------


def give_consent(*, patient, purpose, given_on, by, note="") -> PhotoConsent:
    """Record that the patient allows `purpose`; the one that stands already if there is one."""
    with transaction.atomic(), pghistory.context(user=str(by.pk)):
        type(patient).objects.select_for_update().get(pk=patient.pk)
        standing = patient.photo_consents.standing().filter(purpose=purpose).first()
        return standing or PhotoConsent.objects.create(
            patient=patient, purpose=purpose, given_on=given_on, recorded_by=by, note=note
        )


def withdraw_consent(*, consent, by, on, reason) -> None:
    _withdraw(consent, by, reason, withdrawn_on=on)


def may_use(patient, purpose) -> bool:
    return patient.photo_consents.standing().filter(purpose=purpose).exists()


def photos_for_documents(patient, assessment=None):
    """Photos that a document about the patient may hold: none without consent to it.

    With `assessment` those of that assessment, or taken on its day.
    """
    if not may_use(patient, PhotoConsent.Purpose.RECORD):
        return Photo.objects.none()
    found = patient.photos.standing()
    if assessment is not None:
        of_its_day = found.filter(taken_on=assessment.assessed_on, assessment=None)
        found = found.filter(assessment=assessment) | of_its_day
    return found


def data_url(photo) -> str:
    """The picture itself, for a document that may fetch nothing."""
    with photo.file.open("rb") as file:
        return "data:image/jpeg;base64," + base64.b64encode(file.read()).decode()


# --- the picture --------------------------------------------------------------------------------


def cleaned(file) -> Image.Image:
    """The picture in `file`, upright and drawn anew; PhotoRefused if it is not a sane still one."""
    if not file.size:
        raise PhotoRefused("This file is empty.")
    if file.size > settings.PHOTO_MAX_MB * 2**20:
        raise PhotoRefused(f"This file is larger than {settings.PHOTO_MAX_MB} MB.")
    try:
        with warnings.catch_warnings(), _whole_pictures_only():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = _opened(file)
            picture.load()
        return _redrawn(picture)
    except PhotoRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoRefused(_too_many_pixels()) from None
    except UnidentifiedImageError:
        raise PhotoRefused("This file is not a picture. Choose a JPEG, PNG or WebP.") from None
    except Exception:  # a broken file can fail in any way that a decoder can
        raise PhotoRefused("This picture is damaged or incomplete. Take it again.") from None


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
    if picture.width * picture.height > settings.PHOTO_MAX_MEGAPIXELS * 1_000_000:
        raise PhotoRefused(_too_many_pixels())
    if min(picture.size) < MIN_SIDE:
        raise PhotoRefused(f"This picture is too small: {MIN_SIDE} pixels a side at least.")
    if picture.format != STILL_OF_SEVERAL and getattr(picture, "n_frames", 1) > 1:
        raise PhotoRefused("This is an animated picture. Choose a still one.")
    picture.draft("RGB", (settings.PHOTO_MAX_SIDE, settings.PHOTO_MAX_SIDE))  # less to decode
    return picture


def _too_many_pixels() -> str:
    return f"This picture has too many pixels: {settings.PHOTO_MAX_MEGAPIXELS} million at most."


def _redrawn(picture) -> Image.Image:
    """On a canvas of our own, so that no metadata, preview or trailing data of the sender's
    survives."""
    upright = _in_screen_colours(ImageOps.exif_transpose(picture))
    upright.thumbnail((settings.PHOTO_MAX_SIDE, settings.PHOTO_MAX_SIDE))
    fresh = Image.new("RGB", upright.size)
    fresh.paste(upright)
    return fresh


def _in_screen_colours(picture) -> Image.Image:
    """As sRGB: without its colour profile a phone's photo would show skin in a wrong red."""
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "CMYK"):
        try:
            theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            ours = ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(picture, theirs, ours, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            pass  # a profile that cannot be read is dropped like all that the file carries
    return picture.convert("RGB")


def _jpeg(picture, quality=90) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def _thumbnail(picture) -> bytes:
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return _jpeg(small, quality=80)
