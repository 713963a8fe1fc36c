"""One machine, one person: `make run` and every command without other settings."""

from clinic.settings import env
from clinic.settings.base import *  # noqa: F403
from clinic.settings.base import VAR
from clinic.settings.secret import kept_secret

DEBUG = env.flag("DEBUG")
SECRET_KEY = env.text("SECRET_KEY") or kept_secret(VAR / "secret-key")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR / "mail"

env.refuse_if_incomplete()
