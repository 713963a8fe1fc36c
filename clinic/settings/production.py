"""A real clinic: behind a TLS proxy, with its own PostgreSQL, mail server and folder of photos."""

from clinic.settings import env
from clinic.settings.base import *  # noqa: F403

DEBUG = False
SECRET_KEY = env.required("SECRET_KEY", "sessions and invitations are signed with it")
ALLOWED_HOSTS = [
    host.strip()
    for host in env.required(
        "ALLOWED_HOSTS", "the host names that this clinic answers to, comma-separated"
    ).split(",")
    if host.strip()
]
env.required("DATABASE_URL", "postgres://user:password@host/name of the server with the records")
MEDIA_ROOT = env.required("MEDIA_ROOT", "the private folder that keeps patients' photos")
EMAIL_HOST = env.required("EMAIL_HOST", "invitations and appointment messages leave through it")
DEFAULT_FROM_EMAIL = env.required("DEFAULT_FROM_EMAIL", "the address that messages come from")

EMAIL_PORT = env.number("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default="on")
SMS_GATEWAY = env.text("SMS_GATEWAY")  # without one no SMS is offered
SERVER_EMAIL = DEFAULT_FROM_EMAIL

CSRF_TRUSTED_ORIGINS = [f"https://{host.replace('*.', '*.')}" for host in ALLOWED_HOSTS]
SECURE_SSL_REDIRECT = env.flag("SSL_REDIRECT", default="on")
if env.flag("BEHIND_PROXY", default="on"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", 365 * 24 * 60 * 60)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("HSTS_SUBDOMAINS", default="on")
SECURE_HSTS_PRELOAD = env.flag("HSTS_PRELOAD", default="on")
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

env.must(len(SECRET_KEY) >= 50, "SECRET_KEY", "at least 50 random characters")
env.must("*" not in ALLOWED_HOSTS, "ALLOWED_HOSTS", "host names, and not * for all")
env.refuse_if_incomplete()
