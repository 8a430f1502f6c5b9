"""Every setting, read from top to bottom. Safe by default: without any environment variable mqlab serves this
machine only. docs/settings.md says the same in prose, and a test compares the two."""

import os
import socket
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import lazy

from mqlab.lan import NoLanAddress, lan_address, lan_names
from mqlab.secret import read_or_make

BASE_DIR = Path(__file__).resolve().parent.parent

# --- what the environment may say ---

MODE = os.environ.get("MQLAB_MODE", "local")
if MODE not in ("local", "lan", "production"):
    raise ImproperlyConfigured(f"MQLAB_MODE is {MODE!r}; it may be local (the default), lan or production.")
PRODUCTION = MODE == "production"
LISTEN_ADDRESS = "127.0.0.1"  # the one address that `manage.py lab` listens on

DATA_DIR = Path(os.environ.get("MQLAB_DATA") or BASE_DIR / "data").resolve()
BEHIND_PROXY = os.environ.get("MQLAB_BEHIND_PROXY") == "1"

if PRODUCTION:
    ALLOWED_HOSTS = [name.strip() for name in os.environ.get("MQLAB_HOSTS", "").split(",") if name.strip()]
    if not ALLOWED_HOSTS:
        raise ImproperlyConfigured(
            "Production mode needs MQLAB_HOSTS: the names it is reached by, such as lab.example.org."
        )
    if "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured("MQLAB_HOSTS may not be *: name the hosts mqlab is reached by.")
    SECRET_KEY = os.environ.get("MQLAB_SECRET", "")
    if not SECRET_KEY:
        raise ImproperlyConfigured(
            "Production mode needs MQLAB_SECRET: at least 50 random characters, the same at every start."
        )
else:
    ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
    if MODE == "lan":
        try:
            LISTEN_ADDRESS = lan_address(os.environ.get("MQLAB_LAN_ADDRESS", ""))
        except NoLanAddress as error:
            raise ImproperlyConfigured(str(error)) from error
        ALLOWED_HOSTS = lan_names(LISTEN_ADDRESS, socket.gethostname())
    # Lazy, because `replay` and the engine need no secret and must not make one.
    SECRET_KEY = lazy(read_or_make, str)(DATA_DIR / "secret")

# --- the site ---

DEBUG = False
ROOT_URLCONF = "mqlab.urls"
ASGI_APPLICATION = "mqlab.asgi.application"
INSTALLED_APPS = [
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "csp",
    "template_partials",
    # mqlab's own apps are found by looking: a folder with an apps.py is one.
    *(f"mqlab.{found.parent.name}" for found in sorted((BASE_DIR / "mqlab").glob("*/apps.py"))),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- what is kept ---

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "mqlab.sqlite3",
        "OPTIONS": {
            # Without IMMEDIATE most transactions that read and then write fail under load, WAL or not.
            "transaction_mode": "IMMEDIATE",
            # FULL: what was answered with `kept` is still there after a power cut.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            "timeout": 5,
        },
    }
}
SESSION_COOKIE_NAME = "mqlab_session"  # cookies ignore ports: not to be mixed up with another local site's
SESSION_COOKIE_AGE = 365 * 24 * 3600  # whoever made a recording is known by this cookie alone
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "mqlab_csrf"
CSRF_COOKIE_HTTPONLY = True  # pages carry the token; no script needs the cookie
CSRF_COOKIE_SAMESITE = "Lax"

# --- static files ---

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "mqlab.static_files.HashedStorage"},
}

# --- what browsers are told ---

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "connect-src": [SELF],  # the socket too: same origin
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:", "blob:"],  # the icon in the page itself; a picture on its way to a PNG
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
# Over plain http browsers do not heed it but on loopback; elsewhere they only complain in the console.
SECURE_CROSS_ORIGIN_OPENER_POLICY = None if MODE == "lan" else "same-origin"

if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 30 * 24 * 3600  # too short for browsers' preload lists, whatever the header says
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    if BEHIND_PROXY:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- what is logged: warnings and errors, to the terminal ---

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"terminal": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["terminal"], "level": "WARNING"},
    "loggers": {
        # Django would mail its errors to nobody; the root logger prints them instead.
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        # A 404, a refused form or a foreign host name is the visitor's affair, not news.
        "django.request": {"level": "ERROR"},
        "django.security.csrf": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
