"""Django's settings: one file, read from the environment (see .env.example)."""

from pathlib import Path
from typing import Any

from django.templatetags.static import static

from config import env, logs
from modelsettings.catalog import secret_variables

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.flag("DEBUG")
SECRET_KEY = env.secret("SECRET_KEY", default="unsafe-key-for-development" if DEBUG else "")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or (["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
PUBLIC_URL = env.text("PUBLIC_URL").rstrip("/")
if PUBLIC_URL and "://" in PUBLIC_URL:
    # Replicate's webhooks arrive under that name.
    ALLOWED_HOSTS.append(PUBLIC_URL.split("://")[1].split("/")[0].rsplit(":", 1)[0])

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_jsonform",
    # Before simple_history, whose clean_old_history it replaces.
    "staging",
    "simple_history",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config",
    "modelsettings",
]

MIDDLEWARE = [
    "config.liveness.liveness",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
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

# Where the embedded set-up keeps its files; production names a database and a media folder.
DATA_DIR = BASE_DIR / "var"

DATABASES = {
    "default": env.database("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'restage.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    # Writers queue from their first statement on, so that none fails half-way with "locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = "en"
TIME_ZONE = env.text("TIME_ZONE", default="UTC")
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", default=str(DATA_DIR / "media")))
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Photos of 30 MB are uploaded as files; a form or a JSON document is never that long.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
MEDIA_LINK_AGE_S = 3600

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
# A script's token lasts until somebody deletes it in the admin.
REST_KNOX = {"TOKEN_TTL": None, "AUTH_HEADER_PREFIX": "Token"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Restage",
    "VERSION": "1",
    "DESCRIPTION": "Stages photos of rooms, and puts every parameter of every model under control.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {"StatusEnum": "staging.models.JobStatus"},
}

REPLICATE_API_TOKEN = env.text("REPLICATE_API_TOKEN")
# The secrets that some models take as an input, by the variable that the overlay names.
MODEL_SECRETS = {name: env.text(name) for name in sorted(secret_variables())}
REPLICATE_BASE_URL = env.text("REPLICATE_BASE_URL", default="https://api.replicate.com")

# How the pipeline waits, in seconds; DESIGN 5 gives the reasons.
STAGING_REQUEST_LIMIT_S = 30
STAGING_LEASE_S = 120
STAGING_LOOKUP_GRACE_S = 120
STAGING_DEADLINE_S = 600
STAGING_SWEEP_EVERY_S = 10
STAGING_POLL_EVERY_S = 2
STAGING_CREATIONS_PER_MINUTE = env.number("CREATIONS_PER_MINUTE", default=600)

# The queue is a wake-up call, and the database the truth: no results are kept, and a message that
# is lost costs a sweep's interval.
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": 1,
    # Without a broker a request goes on at once: kombu would sleep before its second try.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
if CELERY_BROKER_URL.startswith(("redis://", "rediss://")):
    CELERY_BROKER_TRANSPORT_OPTIONS |= {
        "visibility_timeout": 600,
        "socket_timeout": 5,
        # Without these two a killed worker's messages wait for about 100 seconds (kombu#2558).
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    }
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Every task waits on the network or on Pillow, which lets other threads run.
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = 16
# Nothing is lost with beat's memory: each of its tasks only looks at what is due.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "staging.tasks.sweep",
        "schedule": STAGING_SWEEP_EVERY_S,
        "options": {"expires": STAGING_SWEEP_EVERY_S},
    },
    "poll": {
        "task": "staging.tasks.poll",
        "schedule": STAGING_POLL_EVERY_S,
        "options": {"expires": STAGING_POLL_EVERY_S},
    },
}

LOGGING_CONFIG = None
logs.configure(as_json=not DEBUG)

if env.flag("TRUSTED_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
HTTPS = PUBLIC_URL.startswith("https://") or env.flag("TRUSTED_PROXY")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS

UNFOLD = {
    "SITE_TITLE": "Restage",
    "SITE_HEADER": "Restage",
    "SITE_SYMBOL": "chair",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _request: static("restage/favicon.svg"),
        }
    ],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": False,
    "SIDEBAR": {"navigation": "config.navigation.sidebar"},
}
