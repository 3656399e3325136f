"""Django's settings: one file, read from the environment (see .env.example)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from celery.schedules import crontab
from django.templatetags.static import static
from django.urls import reverse_lazy

from config import env, logs
from modelsettings.catalog import secret_variables

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.flag("DEBUG")
SECRET_KEY = env.secret("SECRET_KEY", default="unsafe-key-for-development" if DEBUG else "")
# Earlier keys: their signatures stay valid after SECRET_KEY has changed.
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or (["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
# The front ends of other origins that browsers let call the API and read its answers.
CORS_ALLOWED_ORIGINS = env.words("CORS_ALLOWED_ORIGINS")
CORS_ALLOW_CREDENTIALS = bool(CORS_ALLOWED_ORIGINS)
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = (
    "authorization", "content-type", "idempotency-key", "if-match", "if-none-match",
    "x-change-reason",
)  # fmt: skip
CORS_EXPOSE_HEADERS = (
    "Content-Disposition", "ETag", "Idempotent-Replayed", "Link", "Location", "Retry-After",
)  # fmt: skip
SILENCED_SYSTEM_CHECKS = [
    # config.checks checks the same origins more strictly, and with a hint.
    "corsheaders.E013",
    "corsheaders.E014",
    # HSTS for subdomains and for the preload list: choices, not omissions.
    "security.W005",
    "security.W021",
]
PUBLIC_URL = env.text("PUBLIC_URL").rstrip("/")
if PUBLIC_URL and "://" in PUBLIC_URL:
    # Replicate's webhooks arrive under this host name.
    ALLOWED_HOSTS.append(PUBLIC_URL.split("://")[1].split("/")[0].rsplit(":", 1)[0])

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
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
    "corsheaders",
    "knox",
    "axes",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config",
    "config.accounts",
    "modelsettings",
]

MIDDLEWARE = [
    "config.http.security_headers.security_headers",
    "config.monitoring.liveness.liveness",
    "config.monitoring.readiness.readiness",
    "config.monitoring.metrics.metrics",
    "config.http.request_ids.request_ids",
    "config.http.current_request.current_request",
    "config.http.unreadable_requests.plain_credentials",
    "config.http.unreadable_requests.without_nul",
    "config.http.ended_sessions.ended_sessions",
    "config.http.unreadable_requests.plain_lookups",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.http.body_limits.bounded_bodies",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Last, since it answers in the place of a view that has locked an account out.
    "axes.middleware.AxesMiddleware",
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

# SQLite's file and the media, where the environment names no database or media folder.
DATA_DIR = BASE_DIR / "var"

DATABASES = {
    "default": env.database("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'restage.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    # A transaction takes the lock at its start and waits for it there, so that none fails
    # half-way with "locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # A server that vanished without closing its connections is given up after half a minute, not
    # after hours.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    DATABASES["default"]["OPTIONS"].setdefault("tcp_user_timeout", 30_000)
    DATABASES["default"]["OPTIONS"].setdefault("keepalives_idle", 30)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]

AUTHENTICATION_BACKENDS = [
    # First: it lets no password of a locked out client be tried.
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_HANDLER = "config.accounts.lockouts.PairsAndAddresses"
# In this order: the handler counts each by itself.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# A try while the lock stands does not prolong it: the page says when it ends.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "config.http.client_address.counted_address"
AXES_LOCKOUT_CALLABLE = "config.accounts.lockouts.answer_locked"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken"]
# config.accounts.events logs instead.
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = AXES_ENABLE_ADMIN = False

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = "en"
TIME_ZONE = env.text("TIME_ZONE", default="UTC")
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
# Whether static files are served from where they stand, so that nothing has to collect them first.
STATIC_UNCOLLECTED = env.flag("STATIC_UNCOLLECTED", default=DEBUG)
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = STATIC_UNCOLLECTED
# How long the address of a photo or picture works.
MEDIA_LINK_AGE_S = 3600
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", default=str(DATA_DIR / "media")))
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if STATIC_UNCOLLECTED
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
if AWS_STORAGE_BUCKET_NAME := env.text("AWS_STORAGE_BUCKET_NAME"):
    STORAGES["default"] = {
        "BACKEND": "config.storage.PrivateBucket",
        "OPTIONS": {
            "bucket_name": AWS_STORAGE_BUCKET_NAME,
            "endpoint_url": env.text("AWS_S3_ENDPOINT_URL") or None,
            "region_name": env.text("AWS_S3_REGION_NAME") or None,
            "access_key": env.text("AWS_ACCESS_KEY_ID") or None,
            "secret_key": env.text("AWS_SECRET_ACCESS_KEY") or None,
            "security_token": env.text("AWS_SESSION_TOKEN") or None,
            "querystring_expire": MEDIA_LINK_AGE_S,
        },
    }
# Photos of 100 MB are uploaded as files; a form or a JSON document is never that long.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
# Longer files wait on disk, not in memory, until it is their turn to be decoded.
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**18
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "config.http.uploads.OneFileUploadHandler",
]
# A batch: 200 photos and a ZIP.
DATA_UPLOAD_MAX_NUMBER_FILES = 201

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "config.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.http.parsers.BoundedJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.http.negotiation.OwnFormat",
    "DEFAULT_SCHEMA_CLASS": "config.http.openapi.RestageSchema",
    "EXCEPTION_HANDLER": "config.http.errors.answer_refusal",
}
# A token works until it is revoked, or until the end that it was given.
# config.accounts.models stands beside knox's own table, which stays.
KNOX_TOKEN_MODEL = "knox.AuthToken"  # noqa: S105  # a model
REST_KNOX = {"TOKEN_TTL": None, "AUTH_HEADER_PREFIX": "Token"}
SPECTACULAR_SETTINGS = {
    # Since 3.1 null is a type, which generators read; before, a keyword that many ignored.
    "OAS_VERSION": "3.1.0",
    "TITLE": "Restage",
    "VERSION": "1",
    "DESCRIPTION": (
        "Stages photos of rooms, and puts every parameter of every model under control.\n\n"
        'Send `Authorization: Token …`. Errors are `{"detail": "…"}`, and by field where '
        "something in a request is wrong. What another owns is 404. A request that buys takes an "
        "`Idempotency-Key`; lists come in pages, each with the address of the `next`."
    ),
    # Relative to the document's address, under whatever name that was reached: PUBLIC_URL may be
    # unset, and is wrong on localhost and behind a tunnel.
    "SERVERS": [{"url": "/", "description": "The Restage that this document came from."}],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.http.openapi.write_nulls_plainly",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # Requests and answers differ: an answer has the fields that a request may leave out, and an
    # address where a request has a file.
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "TAGS": [
        {"name": "photos", "description": "Uploaded once, staged many ways."},
        {"name": "jobs", "description": "One photo, one prompt, one revision of the settings."},
        {"name": "batches", "description": "Many photos by one or several styles."},
        {"name": "projects", "description": "What photos and jobs belong to, and who sees them."},
        {"name": "shares", "description": "Public pages of before and after."},
        {"name": "prompts", "description": "Rooms, styles, and the prompts made of them."},
        {"name": "usage", "description": "What was spent, and how long it took."},
        {"name": "callbacks", "description": "Being told of a job's end."},
        {"name": "accounts", "description": "Your own API tokens."},
        {"name": "models", "description": "What can be run, and what is by default."},
        {"name": "settings", "description": "A model's parameters: read, change, roll back."},
        {"name": "profiles", "description": "Named documents of settings, one of them live."},
    ],
    "ENUM_NAME_OVERRIDES": {
        "StatusEnum": "staging.models.JobStatus",
        "ChangeKindEnum": "staging.changes.listing.API_KINDS",
    },
}

REPLICATE_API_TOKEN = env.text("REPLICATE_API_TOKEN")
# Secrets that some models take as an input, by the variable that the model's overlay names.
MODEL_SECRETS = {name: env.text(name) for name in sorted(secret_variables())}
REPLICATE_BASE_URL = env.text("REPLICATE_BASE_URL", default="https://api.replicate.com")

# Accounts belong to clients who must not learn of each other: members of projects are invited.
CLIENTS_ARE_STRANGERS = env.flag("CLIENTS_ARE_STRANGERS")

# The number of days after which jobs and photos are deleted; 0: never.
RETENTION_DAYS = env.number("RETENTION_DAYS", default=0)

# The bearer token for /metrics; empty: there is no such page.
METRICS_TOKEN = env.text("METRICS_TOKEN")

# How the pipeline waits, in seconds: docs/reliability.md, "What makes it so".
STAGING_REQUEST_LIMIT_S = 30
STAGING_LEASE_S = 120
STAGING_LOOKUP_GRACE_S = 120
STAGING_DEADLINE_S = 600
# Replicate removes the input of a prediction of the API after an hour; without it a purchase
# cannot be recognised.
STAGING_RECORDS_KEPT_S = 55 * 60
STAGING_SWEEP_EVERY_S = 10
STAGING_POLL_EVERY_S = 2
STAGING_PRUNE_EVERY_S = 3600
STAGING_REMOVE_FILES_EVERY_S = 600
STAGING_WATCH_EVERY_S = 60
# How often workers look for models that are due; each is read once a day, at a minute of its own.
STAGING_CHECK_MODELS_EVERY_S = 60
# Work that has not moved for so long stands still, and operators are notified.
STAGING_STILL_AFTER_S = 600
STAGING_CREATIONS_PER_MINUTE = env.number("CREATIONS_PER_MINUTE", default=600)
STAGING_CALLBACK_LIMIT_S = 15
# How many pictures an account may ask for in a minute; 0: any number.
COSTLY_REQUESTS_PER_MINUTE = env.number("COSTLY_REQUESTS_PER_MINUTE", default=600)
# The heartbeat of workers, in seconds (staging.worker.heartbeat). No step takes as long as
# STAGING_STUCK_AFTER_S: an upload or a download may take 120.
STAGING_HEARTBEAT_EVERY_S = 10
STAGING_WORKER_LATE_S = 60
STAGING_STUCK_AFTER_S = 300
# How far a worker's clock may be off the database's: half of what the times above tolerate.
STAGING_CLOCK_TOLERANCE_S = 30
# How long a worker may work on after SIGTERM: less than its supervisor waits before it kills
# (compose.yaml: 90).
STAGING_GRACE_S = 60

# Accept by itself an update of a model that changes titles, descriptions and other words alone.
ACCEPT_DOCUMENTATION_UPDATES = env.flag("ACCEPT_DOCUMENTATION_UPDATES")

# Notices to operators of limits, failures and standstills: by e-mail, to a webhook, or both.
NOTICE_EMAILS = env.words("NOTICE_EMAILS")
NOTICE_FROM = env.text("NOTICE_FROM")
NOTICE_WEBHOOK_URL = env.text("NOTICE_WEBHOOK_URL")
NOTICE_WEBHOOK_SECRET = env.text("NOTICE_WEBHOOK_SECRET")
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.number("EMAIL_PORT", default=587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
# Port 465 speaks TLS from the first byte; on other ports the client asks for it first (STARTTLS).
EMAIL_USE_SSL = EMAIL_PORT == 465
EMAIL_USE_TLS = not EMAIL_USE_SSL and env.flag("EMAIL_USE_TLS", default=True)
EMAIL_TIMEOUT = 15

CALLBACK_PRIVATE_NETWORKS = env.networks("CALLBACK_PRIVATE_NETWORKS")

# Messages are wake-up calls, and the database is the truth: no results are kept, and a lost message
# costs at most a sweep's interval. docs/replicate-facts/celery.md says how messages are lost.
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# None: a worker waits for the broker for ever. By default Celery gives up after a hundred tries,
# three quarters of an hour.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": 1,
    # Without a broker a request goes on at once, where kombu would sleep before its second try.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
if CELERY_BROKER_URL.startswith(("redis://", "rediss://")):
    CELERY_BROKER_TRANSPORT_OPTIONS |= {
        "socket_timeout": 5,
        # The messages of a killed worker are not worth keeping. Where kombu 5.7 keeps them, it ends
        # a worker whose broker goes away: "'NoneType' object has no attribute 'hostname'".
        "ack_emulation": False,
    }
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Tasks wait for the network or for Pillow, and both let other threads run. Ten purchases a second,
# each with an upload, a creation and a download of a second, keep 30 threads busy.
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = 48
# We do not control workers through the broker. RabbitMQ lets only one worker of a machine use the
# queue for it: a second worker would end at once.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
# Celery would open a connection for each task; config.worker lets CONN_MAX_AGE decide instead.
CELERY_DB_REUSE_MAX = 10**12
CELERY_IMPORTS = ["config.worker"]
# In memory: nothing is lost with it, since each of beat's tasks only looks for due work.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    name: {
        "task": f"{tasks}.{name}",
        "schedule": every_s,
        # A task that was not begun by then has been sent again. The clocks' tolerance is added,
        # since a worker whose clock is ahead would drop what beat has just sent; a task that runs
        # twice finds nothing to do. Beat keeps one connection: without a retry it would go on with
        # one that RabbitMQ has closed, and never send anything again.
        "options": {"expires": every_s + 2 * STAGING_CLOCK_TOLERANCE_S, "retry": True},
    }
    for tasks, name, every_s in (
        ("staging.tasks", "sweep", STAGING_SWEEP_EVERY_S),
        ("staging.tasks", "poll", STAGING_POLL_EVERY_S),
        ("staging.tasks", "prune", STAGING_PRUNE_EVERY_S),
        ("staging.tasks", "remove_files", STAGING_REMOVE_FILES_EVERY_S),
        ("staging.tasks", "watch", STAGING_WATCH_EVERY_S),
        ("modelsettings.tasks", "check_models", STAGING_CHECK_MODELS_EVERY_S),
        ("config.accounts.tasks", "forget", STAGING_PRUNE_EVERY_S),
    )
}
# By the clock: beat forgets with its process when a task ran last, and one that is restarted each
# day would never wait for a whole day.
CELERY_BEAT_SCHEDULE["remove_orphans"] = {
    "task": "staging.tasks.remove_orphans",
    "schedule": crontab(hour=3, minute=17),
    "options": {"expires": 3600, "retry": True},
}

LOGGING_CONFIG = None
logs.configure(as_json=not DEBUG)

# The proxy's X-Forwarded-Proto is believed, its X-Forwarded-Host is not: it has to hand on Host.
if TRUSTED_PROXY := env.flag("TRUSTED_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Without a trusted proxy https looks like http, and the redirect would lead to itself.
SECURE_SSL_REDIRECT = TRUSTED_PROXY
HTTPS = TRUSTED_PROXY or PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Both reach beyond this host, and the second cannot be taken back for months: each is a choice.
HSTS_INCLUDE_SUBDOMAINS = env.flag("HSTS_INCLUDE_SUBDOMAINS")
HSTS_PRELOAD = env.flag("HSTS_PRELOAD")
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS and HSTS_INCLUDE_SUBDOMAINS
SECURE_HSTS_PRELOAD = HTTPS and HSTS_PRELOAD

UNFOLD = {
    "SITE_TITLE": "Restage",
    "SITE_HEADER": "Restage",
    "SITE_SYMBOL": "chair",
    # "View site" and "Return to site" would lead to the admin, where one is.
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _request: static("restage/favicon.svg"),
        }
    ],
    "STYLES": [lambda _request: static("restage/search.css")],
    "SCRIPTS": [
        lambda _request: static("restage/search.js"),
        lambda _request: static("restage/fields.js"),
        lambda _request: static("restage/search-select.js"),
    ],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": False,
    "ACCOUNT": {
        "navigation": [{"title": "My tokens", "link": reverse_lazy("admin:knox_authtoken_mine")}]
    },
    "SIDEBAR": {"navigation": "config.dashboard.navigation.sidebar"},
    "DASHBOARD_CALLBACK": "config.dashboard.page.first_page",
}
