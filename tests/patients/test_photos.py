"""Photos: only real, still, sane pictures, kept without what they carry besides."""

import datetime as dt
import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from PIL import Image, ImageFile

from patients import photos
from patients.errors import WithdrawnAlready
from patients.models import Photo, PhotoConsent
from tests.factories import make_patient, make_signed_assessment, make_user, make_version

pytestmark = pytest.mark.django_db

GPS, ORIENTATION, MAKE = 0x8825, 0x0112, 0x010F
DAY = dt.date(2026, 11, 1)


def picture(size=(640, 480), form="JPEG", colour="tan", **options):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form, **options)
    return out.getvalue()


def with_place():
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[MAKE] = "Examplecam 9000"
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (51.0, 30.0, 26.0)
    return picture(exif=exif)


def several(form, **options):
    out = io.BytesIO()
    first, second = (Image.new("RGB", (300, 300), colour) for colour in ("red", "blue"))
    first.save(out, form, save_all=True, append_images=[second], **options)
    return out.getvalue()


def bomb(side=20_000):
    """A PNG of a few bytes that says it is 20,000 pixels a side."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


BAD = {
    "text": (b"hello", "This file is not a picture."),
    "empty": (b"", "This file is empty."),
    "truncated": (picture(colour="red")[:2000], "damaged or incomplete"),
    "half": (picture()[:4000], "damaged or incomplete"),
    "tiny": (picture((60, 60)), "too small"),
    "huge": (picture((9000, 8000)), "too many pixels"),
    "bomb": (bomb(), "too many pixels"),
    "animated webp": (several("WEBP"), "animated"),
    "animated png": (several("PNG"), "animated"),
    "animated gif": (several("GIF"), "This file is not a picture."),
    "gif": (picture(form="GIF"), "This file is not a picture."),
    "pdf before it": (b"%PDF-1.7\n" + picture(), "This file is not a picture."),
    "html": (b"<!doctype html><script>alert(1)</script>", "This file is not a picture."),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "not a picture."),
}


@pytest.fixture
def patient(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(make_user())
    return make_patient()


@pytest.fixture
def upload(client, patient):
    def send(*contents, **fields):
        files = [
            SimpleUploadedFile(f"face-{number}.jpg", content)
            for number, content in enumerate(contents, 1)
        ]
        headers = fields.pop("headers", None)
        data = {"view": "front", "taken_on": "01-Nov-2026", "file": files, **fields}
        url = reverse("patients:photos", args=[patient.pk])
        return client.post(url, data, headers=headers)

    return send


def add(patient, content=None, **fields):
    fields = {"view": "front", "taken_on": DAY, "by": make_user(), **fields}
    file = SimpleUploadedFile("x.jpg", content or picture())
    return photos.add_photo(patient=patient, file=file, **fields)


# --- taking in


def test_a_photo_is_kept_upright_and_without_its_metadata(upload):
    upload(with_place())

    photo = Photo.objects.get()
    for stored in (photo.file, photo.thumbnail):
        raw = stored.open().read()
        assert b"Examplecam" not in raw
        assert b"Exif" not in raw
        assert not Image.open(io.BytesIO(raw)).getexif()
        assert "face" not in stored.name
    assert Image.open(photo.file).size == (480, 640) == (photo.width, photo.height)


def test_a_large_photo_is_made_smaller_and_gets_a_thumbnail(upload):
    upload(picture((4000, 3000)))

    photo = Photo.objects.get()
    assert photo.width == 3000
    assert max(Image.open(photo.thumbnail).size) == 480


def test_a_phones_jpeg_with_a_second_picture_behind_it_is_a_still(upload):
    upload(several("MPO"))

    assert Image.open(Photo.objects.get().file).format == "JPEG"


def test_what_hides_behind_the_picture_is_not_kept(upload):
    upload(picture() + b"<script>alert(1)</script>")

    assert b"<script>" not in Photo.objects.get().file.open().read()


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_proper_picture_is_refused_with_the_reason_beside_its_name(
    upload, name, monkeypatch
):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint leaves it
    content, reason = BAD[name]

    response = upload(content)

    assert response.status_code == 422
    assert reason in dict(response.context["refused"])["face-1.jpg"]
    assert not Photo.objects.exists()


def test_a_file_that_is_too_large_is_refused_before_it_is_opened(upload, settings):
    settings.PHOTO_MAX_MB = 0.001

    response = upload(picture())

    assert "larger than" in response.context["refused"][0][1]


def test_a_bad_file_does_not_stop_the_others(upload):
    response = upload(picture(colour="red"), b"hello", picture(colour="blue"))

    assert Photo.objects.count() == 2
    assert [name for name, _ in response.context["refused"]] == ["face-2.jpg"]
    assert "2 added" in response.text


def test_the_same_photo_is_not_taken_in_twice(upload, patient):
    upload(picture())
    response = upload(picture())

    assert "in the record already" in response.context["refused"][0][1]
    with pytest.raises(IntegrityError, match="photo_once_a_patient"), transaction.atomic():
        Photo.objects.create(
            **{
                field.attname: getattr(Photo.objects.get(), field.attname)
                for field in Photo._meta.concrete_fields
                if field.name != "id"
            }
        )


def test_a_refused_file_leaves_nothing_on_the_disk(upload, tmp_path):
    upload(picture(), picture())

    assert len(list(tmp_path.rglob("*.jpg"))) == 2  # one photo, its thumbnail


def test_the_script_gets_the_reasons_of_its_file(upload):
    fetch = {"X-Requested-With": "fetch"}

    good = upload(picture(), headers=fetch)
    bad = upload(b"hello", headers=fetch)

    assert (good.status_code, len(good.json()["taken"])) == (200, 1)
    assert bad.status_code == 422
    assert bad.json()["refused"] == ["This file is not a picture. Choose a JPEG, PNG or WebP."]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"view": "close_up"}, "region", "Say which region"),
        ({"view": "back of the head"}, "view", "not one of the available choices"),
        ({"taken_on": "31-Nov-2026"}, "taken_on", "There is no 31-Nov-2026"),
        ({"taken_on": "01-Jan-2199"}, "taken_on", "in the future"),
    ],
)
def test_a_wrong_field_is_refused_beside_it(upload, fields, field, words):
    response = upload(picture(), **fields)

    assert words in str(response.context["form"].errors[field])
    assert not Photo.objects.exists()


# --- serving


@pytest.mark.parametrize("page", ["photo", "thumbnail"])
def test_a_photo_is_served_to_those_who_may_see_it_and_kept_by_nobody(client, patient, page):
    url = reverse(f"patients:{page}", args=[add(patient).pk])

    shown = client.get(url)
    statuses = []
    for role in ("front_desk", "owner", "catalogue_admin"):
        client.force_login(make_user(role))
        statuses.append(client.get(url).status_code)
    client.logout()

    assert shown["Content-Type"] == "image/jpeg"
    assert shown["Cache-Control"] == "private, no-store"
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert statuses == [403, 403, 403]
    assert client.get(url).status_code == 302


def test_files_have_no_address_of_their_own(client, patient):
    photo = add(patient)

    assert client.get(f"/media/{photo.file.name}").status_code == 404
    assert client.get(f"/static/{photo.file.name}").status_code == 404


# --- withdrawing


def test_a_withdrawn_photo_is_served_no_more_and_stays_in_the_history(client, patient):
    photo = add(patient)

    client.post(reverse("patients:photo_withdraw", args=[photo.pk]), {"reason": "Wrong patient"})

    photo.refresh_from_db()
    page = client.get(reverse("patients:photos", args=[patient.pk])).text
    assert client.get(reverse("patients:photo", args=[photo.pk])).status_code == 404
    assert "Wrong patient" in page
    assert photo.events.filter(withdrawn_reason="Wrong patient").exists()
    assert photo.file.open().read()


def test_a_withdrawal_says_why(client, patient):
    photo = add(patient)

    response = client.post(reverse("patients:photo_withdraw", args=[photo.pk]), {"reason": " "})

    assert response.context["form"].errors["reason"] == ["Say why."]


def test_a_photo_is_withdrawn_once(patient):
    photo = add(patient)
    photos.withdraw_photo(photo=photo, by=make_user(), reason="Blurred")

    with pytest.raises(WithdrawnAlready):
        photos.withdraw_photo(photo=photo, by=make_user(), reason="Again")


@pytest.mark.parametrize(
    "deed",
    [
        lambda rows: rows.delete(),
        lambda rows: rows.update(view="left_45"),
        lambda rows: rows.update(taken_on=dt.date(2020, 1, 1)),
    ],
    ids=["delete", "view", "date"],
)
def test_the_database_refuses_to_change_or_lose_a_photo(patient, deed):
    photo = add(patient)

    with pytest.raises(IntegrityError, match="only_withdrawn"), transaction.atomic():
        deed(Photo.objects.filter(pk=photo.pk))


# --- consent


def record_consent(client, patient, **fields):
    fields = {"purposes": ["record"], "given_on": "01-Nov-2026", **fields}
    return client.post(reverse("patients:photo_consent", args=[patient.pk]), fields)


def test_photos_stay_out_of_documents_until_the_patient_agrees(client, patient):
    photo = add(patient)
    before = list(photos.photos_for_documents(patient))

    record_consent(client, patient, purposes=["teaching"])
    teaching_alone = list(photos.photos_for_documents(patient))
    record_consent(client, patient)

    assert before == teaching_alone == []
    assert list(photos.photos_for_documents(patient)) == [photo]


def test_a_withdrawn_consent_takes_the_photos_out_again_and_is_remembered(client, patient):
    add(patient)
    record_consent(client, patient)
    given = PhotoConsent.objects.get()

    url = reverse("patients:consent_withdraw", args=[given.pk])
    early = client.post(url, {"on": "31-Oct-2026", "reason": "Changed her mind"})
    client.post(url, {"on": "02-Nov-2026", "reason": "Changed her mind"})

    assert "cannot end before that" in str(early.context["form"].errors["on"])
    assert not photos.photos_for_documents(patient).exists()
    page = client.get(reverse("patients:photos", args=[patient.pk])).text
    assert "withdrawn 02-Nov-2026: Changed her mind" in page


def test_consent_may_be_given_again_after_a_withdrawal(client, patient):
    record_consent(client, patient)
    given = PhotoConsent.objects.get()
    photos.withdraw_consent(consent=given, by=make_user(), on=DAY, reason="Holiday")

    record_consent(client, patient)
    record_consent(client, patient)

    assert patient.photo_consents.standing().count() == 1
    assert patient.photo_consents.count() == 2


def test_a_document_of_an_assessment_holds_the_photos_of_its_day(client, patient):
    make_version()
    signed = make_signed_assessment(patient=patient, on=DAY)
    same_day = add(patient)
    add(patient, picture(colour="red"), taken_on=dt.date(2026, 5, 1))
    withdrawn = add(patient, picture(colour="blue"))
    photos.withdraw_photo(photo=withdrawn, by=make_user(), reason="Blurred")
    record_consent(client, patient)

    assert list(photos.photos_for_documents(patient, signed)) == [same_day]


# --- comparing


def test_the_first_and_the_last_photo_of_a_view_are_compared(client, patient):
    days = [dt.date(2026, month, 1) for month in (6, 3, 9)]
    shots = {
        day: add(patient, picture(colour=(day.month * 20, 90, 90)), taken_on=day) for day in days
    }
    add(patient, picture(colour="green"), view="left_45")
    url = reverse("patients:compare", args=[patient.pk])

    page = client.get(url)
    chosen = client.get(url, {"view": "front", "before": shots[days[0]].pk, "after": "nonsense"})

    assert (page.context["before"], page.context["after"]) == (shots[days[1]], shots[days[2]])
    assert chosen.context["before"] == shots[days[0]]
    assert [value for value, _ in page.context["views"]] == ["front"]
    assert (
        "Nothing to compare yet"
        in client.get(reverse("patients:compare", args=[make_patient().pk])).text
    )
