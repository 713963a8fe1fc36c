"""Tests: a throw-away PostgreSQL of their own, quick hashing, no mail that leaves."""

import os

from clinic.settings import env
from clinic.settings.base import *  # noqa: F403
from clinic.settings.base import EMBEDDED_POSTGRES, VAR

SECRET_KEY = "tests-sign-nothing-that-matters-beyond-one-run-0123456789"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
TEST_FOLDER = VAR / "test" / os.environ.setdefault("CICATRIX_TEST_RUN", str(os.getpid()))

DATABASES = {
    "default": env.database(
        "DATABASE_URL",
        {**EMBEDDED_POSTGRES, "FOLDER": TEST_FOLDER / "postgres", "THROW_AWAY": True},
    )
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
SMS_FOLDER = TEST_FOLDER / "sms"
MEDIA_ROOT = TEST_FOLDER / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True

env.refuse_if_incomplete()
