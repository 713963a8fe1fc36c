"""Photos: only real, still, sane pictures, kept without what they carry besides."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image, ImageFile

from patients.models import Photo
from tests.factories import make_patient, make_user

pytestmark = pytest.mark.django_db

GPS, ORIENTATION = 0x8825, 0x0112


def picture(size=(640, 480), form="JPEG", **options):
    out = io.BytesIO()
    Image.new("RGB", size, "tan").save(out, form, **options)
    return out.getvalue()


def with_place():
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif.get_ifd(GPS)[1] = "N"
    return picture(exif=exif)


@pytest.fixture
def upload(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(make_user())
    patient = make_patient()

    def send(content, name="face.jpg"):
        file = SimpleUploadedFile(name, content)
        data = {"view": "front", "taken_on": "01-Nov-2026", "file": file}
        return client.post(reverse("patients:photos", args=[patient.pk]), data)

    return send


def test_a_photo_is_kept_upright_and_without_its_metadata(upload):
    upload(with_place())

    photo = Photo.objects.get()
    kept = Image.open(photo.file)
    assert kept.size == (480, 640) == (photo.width, photo.height)
    assert not kept.getexif()
    assert "face" not in photo.file.name


def test_a_large_photo_is_made_smaller(upload):
    upload(picture((4000, 3000)))

    assert Photo.objects.get().width == 3000


def animated():
    out = io.BytesIO()
    first, second = (Image.new("RGB", (300, 300), colour) for colour in ("red", "blue"))
    first.save(out, "WEBP", save_all=True, append_images=[second])
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"hello", "This file is not a picture."),
        (b"", "This file is empty."),
        (picture()[:4000], "damaged or incomplete"),
        (picture((60, 60)), "too small"),
        (picture((9000, 8000)), "too many pixels"),
        (animated(), "animated"),
        (picture(form="GIF"), "This file is not a picture."),
        (b"%PDF-1.7\n" + picture(), "This file is not a picture."),
    ],
    ids=["text", "empty", "truncated", "tiny", "huge", "animated", "gif", "disguised"],
)
def test_what_is_no_proper_picture_is_refused_with_the_reason(
    upload, content, refusal, monkeypatch
):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint leaves it

    response = upload(content)

    assert response.status_code == 422
    assert refusal in " ".join(response.context["form"].errors["file"])
    assert not Photo.objects.exists()


def test_a_photo_is_served_to_those_who_may_see_it_and_kept_by_nobody(upload, client):
    upload(picture())
    url = reverse("patients:photo", args=[Photo.objects.get().pk])

    shown = client.get(url)
    client.force_login(make_user("front_desk"))
    refused = client.get(url)

    assert shown["Content-Type"] == "image/jpeg"
    assert shown["Cache-Control"] == "private, no-store"
    assert refused.status_code == 403
