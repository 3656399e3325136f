"""The API, and what is open to anybody."""

# ruff: noqa: E501  (rows of a table)

from tests.permissions.table import PHOTO, Row, Section

_PROJECT = {"project": "{project}"}
_SHARE = "s/{share_key}/{share_token}"
_CONFIG = "{model}/config"

# fmt: off
STAGING = Section(
    title="The staging API",
    words=(
        "A project opens its photos, jobs, pictures, batches and shares to its owner and its "
        "members. To everybody else they are not there: an address is 404, a name in a body or a "
        "filter is what a wrong one is. Staff and superusers are no exception. Staff, and accounts "
        "with a role, besides need its rights: a Judge, who may see the project, judges; a Stager, "
        "who may edit it, does all that a member may."
    ),
    prefix="/api/v1/staging/",
    columns={
        "nobody": ("nobody", "dismissed"),
        "a stranger": ("stranger",),
        "may see": ("sees",),
        "may edit": ("edits",),
        "owner": ("owner",),
        "staff": ("clerk",),
        "Judge": ("judge",),
        "Stager": ("stager",),
        "an operator": ("operator", "administrator", "superuser"),
    },
    blind=("nobody", "a stranger", "staff", "an operator"),
    is_api=True,
    rows=(
        Row("GET", "batches", "401 200 200 200 200 200 200 200 200"),
        Row("GET", "batches?project={project}", "401 200 200 200 200 200 200 200 200"),
        Row("POST", "batches", "401 202+ 202+ 202+ 202+ 403 403 202+ 202+", {"images": PHOTO, "styles": "modern"}, "staging_stagingbatch", "into one's own Unsorted"),
        Row("POST", "batches", "401 400 403 202+ 202+ 403 403 202+ 400", {"images": PHOTO, "styles": "modern"} | _PROJECT, "staging_stagingbatch", "into the project"),
        Row("POST", "batches", "401 400 403 202+ 202+ 403 403 202+ 400", {"photos": ["{photo}"], "styles": ["modern"]}, "staging_stagingbatch", "of a photo of the project"),
        Row("GET", "batches/{batch}", "401 404 200 200 200 404 200 200 404"),
        Row("GET", "callback-secret", "401 200 200 200 200 200 200 200 200", what="one's own"),
        Row("POST", "callback-secret/renew", "401 200+ 200+ 200+ 200+ 200+ 200+ 200+ 200+", {}, "staging_callbacksecretrenewal", "one's own"),
        Row("GET", "invitations", "401 200 200 200 200 200 200 200 200", what="one's own"),
        Row("POST", "invitations/{invitation}/accept", "401 404 404 200+ 404 404 404 404 404", changes="staging_projectmember", what="that of one who may edit"),
        Row("POST", "invitations/{invitation}/decline", "401 404 404 204+ 404 404 404 404 404", changes="staging_invitation", what="that of one who may edit"),
        Row("GET", "jobs", "401 200 200 200 200 200 200 200 200"),
        Row("GET", "jobs?project={project}", "401 200 200 200 200 200 200 200 200"),
        Row("GET", "jobs?photo={photo}", "401 200 200 200 200 200 200 200 200"),
        Row("GET", "jobs?batch={batch}", "401 200 200 200 200 200 200 200 200"),
        Row("POST", "jobs", "401 202+ 202+ 202+ 202+ 403 403 202+ 202+", {"image": PHOTO}, "staging_stagingjob", "into one's own Unsorted"),
        Row("POST", "jobs", "401 400 403 202+ 202+ 403 403 202+ 400", {"image": PHOTO} | _PROJECT, "staging_stagingjob", "into the project"),
        Row("POST", "jobs", "401 400 403 202+ 202+ 403 403 202+ 400", {"photo": "{photo}"}, "staging_stagingjob", "of a photo of the project"),
        Row("GET", "jobs/{job}", "401 404 200 200 200 404 200 200 404"),
        Row("DELETE", "jobs/{job}", "401 404 403 204+ 204+ 404 403 204+ 404", changes="staging_stagingjob"),
        Row("POST", "jobs/{queued}/cancel", "401 404 403 202+ 202+ 404 403 202+ 404", changes="staging_stagingjob"),
        Row("GET", "jobs/{job}/pictures.zip", "401 404 200 200 200 404 200 200 404"),
        Row("POST", "jobs/{job}/rating", "401 404 403 200+ 200+ 404 200+ 200+ 404", {"verdict": "accepted"}, "staging_stagedimage"),
        Row("POST", "jobs/{job}/repeat", "401 404 403 202+ 202+ 404 403 202+ 404", {"seed": "new"}, "staging_stagingjob"),
        Row("POST", "jobs/{failed}/retry", "401 404 403 202+ 202+ 404 403 202+ 404", changes="staging_prediction"),
        Row("GET", "jobs/{job}/shares", "401 404 200 200 200 404 403 200 404"),
        Row("POST", "jobs/{job}/shares", "401 404 403 201+ 201+ 404 403 201+ 404", {"image": "{image}"}, "staging_share"),
        Row("GET", "models", "401 200 200 200 200 200 200 200 200", what="what one may ask for"),
        Row("GET", "photos", "401 200 200 200 200 200 200 200 200"),
        Row("GET", "photos?project={project}", "401 200 200 200 200 200 200 200 200"),
        Row("POST", "photos", "401 201+ 201+ 201+ 201+ 403 403 201+ 201+", {"image": PHOTO}, "staging_photo", "into one's own Unsorted"),
        Row("POST", "photos", "401 400 403 201+ 201+ 403 403 201+ 400", {"image": PHOTO} | _PROJECT, "staging_photo", "into the project"),
        Row("GET", "photos/{photo}", "401 404 200 200 200 404 200 200 404"),
        Row("DELETE", "photos/{photo}", "401 404 403 204+ 204+ 404 403 204+ 404", changes="staging_photo"),
        Row("GET", "projects", "401 200 200 200 200 200 200 200 200"),
        Row("POST", "projects", "401 201+ 201+ 201+ 201+ 403 403 201+ 201+", {"name": "Mine"}, "staging_project"),
        Row("GET", "projects/{project}", "401 404 200 200 200 404 200 200 404"),
        Row("PATCH", "projects/{project}", "401 404 403 403 200+ 404 403 403 404", {"name": "Renamed"}, "staging_project"),
        Row("DELETE", "projects/{project}", "401 404 403 403 204+ 404 403 403 404", changes="staging_project"),
        Row("GET", "projects/{project}/invitations", "401 404 403 403 200 404 403 403 404"),
        Row("GET", "projects/{project}/members", "401 404 200 200 200 404 200 200 404"),
        Row("PUT", "projects/{project}/members/{newcomer}", "401 404 403 403 201+ 404 403 403 404", {"may_edit": True}, "staging_projectmember"),
        Row("PUT", "projects/{project}/members/{member}", "401 404 403 403 200+ 404 403 403 404", {"may_edit": True}, "staging_projectmember", "one who may see"),
        Row("DELETE", "projects/{project}/members/{member}", "401 404 204+ 403 204+ 404 403 403 404", changes="staging_projectmember", what="one who may see: anybody ends their own membership"),
        Row("GET", "projects/{project}/pictures.zip", "401 404 200 200 200 404 200 200 404"),
        Row("GET", "prompt", "401 200 200 200 200 200 200 200 200"),
        Row("GET", "room-types", "401 200 200 200 200 200 200 200 200"),
        Row("DELETE", "shares/{share}", "401 404 403 204+ 204+ 404 403 204+ 404", changes="staging_share"),
        Row("GET", "styles", "401 200 200 200 200 200 200 200 200"),
        Row("GET", "limits", "401 200 200 200 200 200 200 200 200", what="dollars of one's own alone"),
        Row("GET", "usage", "401 200 200 200 200 403 403 200 200", what="of the projects that one owns"),
        Row("GET", "usage?project={project}", "401 404 200 200 200 403 403 200 404"),
    ),
)

ACCOUNT = Section(
    title="One's own tokens",
    words="Only a signed-in session makes a token, in the API as in the admin: a token makes none.",
    prefix="/api/v1/",
    columns={
        "nobody": ("nobody", "dismissed"),
        "another": ("stranger", "owner", "clerk", "operator", "superuser"),
        "its account": ("newcomer",),
    },
    is_api=True,
    rows=(
        Row("GET", "tokens", "401 200 200"),
        Row("POST", "tokens", "401 403 403", {"name": "script"}),
        Row("DELETE", "tokens/{token_id}", "401 404 204+", changes="knox_authtoken"),
    ),
)

SETTINGS = Section(
    title="The settings API",
    words=(
        "Settings are the whole site's, and Django permissions open them: `view_` and "
        "`change_modelsettings`, `view_` and `change_replicatemodel`. A viewer has the two `view_`."
    ),
    prefix="/api/v1/admin/",
    columns={
        "nobody": ("nobody", "dismissed"),
        "an account": ("stranger", "owner", "clerk", "judge", "stager"),
        "a viewer": ("viewer",),
        "an operator": ("operator", "administrator"),
        "a superuser": ("superuser",),
    },
    blind=("nobody", "an account", "a viewer", "an operator", "a superuser"),
    is_api=True,
    rows=(
        Row("GET", "changes", "401 403 200 200 200", what="without those of projects and limits"),
        Row("GET", "disclosure-rules", "401 403 200 200 200"),
        Row("POST", "disclosure-rules", "401 403 403 201+ 201+", {"label": "Virtually staged"}, "staging_disclosurerule", "of the site"),
        Row("POST", "disclosure-rules", "401 403 403 400 400", {"label": "Other"} | _PROJECT, "staging_disclosurerule", "of a project that one does not see"),
        Row("DELETE", "disclosure-rules/{rule}", "401 403 403 204+ 204+", changes="staging_disclosurerule", what="the site's"),
        Row("DELETE", "disclosure-rules/{project_rule}", "401 403 403 404 404", changes="staging_disclosurerule", what="of a project that one does not see"),
        Row("GET", "models", "401 403 200 200 200"),
        Row("GET", "models/active", "401 403 200 200 200"),
        Row("PUT", "models/active", "401 403 403 200+ 200+", {"value": "{other_model}"}, "modelsettings_replicatemodel"),
        Row("GET", f"models/{_CONFIG}", "401 403 200 200 200"),
        Row("PUT", f"models/{_CONFIG}", "401 403 403 200+ 200+", {"output_quality": 41}, "modelsettings_modelsettings"),
        Row("PATCH", f"models/{_CONFIG}", "401 403 403 200+ 200+", {"output_quality": 41}, "modelsettings_modelsettings"),
        Row("GET", f"models/{_CONFIG}/compare?old=1&new=2", "401 403 200 200 200"),
        Row("GET", f"models/{_CONFIG}/history", "401 403 200 200 200"),
        Row("PUT", f"models/{_CONFIG}/overridable", "401 403 403 200+ 200+", {"parameters": []}, "modelsettings_modelsettings"),
        Row("POST", f"models/{_CONFIG}/reset", "401 403 403 200+ 200+", {}, "modelsettings_modelsettings"),
        Row("POST", f"models/{_CONFIG}/rollback", "401 403 403 200+ 200+", {"revision": 1}, "modelsettings_modelsettings"),
        Row("GET", f"models/{_CONFIG}/schema", "401 403 200 200 200"),
        Row("GET", "models/{model}/profiles", "401 403 200 200 200"),
        Row("POST", "models/{model}/profiles", "401 403 403 201+ 201+", {"name": "new"}, "modelsettings_modelsettings"),
        Row("PATCH", "models/{model}/profiles/{draft_name}", "401 403 403 200+ 200+", {"name": "renamed"}, "modelsettings_modelsettings"),
        Row("PATCH", "models/{model}/profiles/{draft_name}", "401 403 403 200+ 200+", {"is_live": True}, "modelsettings_replicatemodel", "make it live"),
        Row("GET", "settings", "401 403 200 200 200"),
    ),
)

PUBLIC = Section(
    title="What is open to anybody",
    words=(
        "Files and public pages are opened by a secret in their address, and by nothing else: it "
        "is the same for somebody who is signed in. The API's document and its pages are public. "
        "So are `/livez` and `/readyz`, which say whether the processes work, and the style sheets "
        "under `/static/`, which are no pages. `/metrics` takes a token of its own."
    ),
    prefix="/",
    columns={
        "anybody": ("nobody", "dismissed", "stranger", "owner", "operator", "superuser"),
    },
    rows=(
        Row("GET", "", "302", what="to the admin"),
        Row("GET", "api/v1/docs", "200"),
        Row("GET", "api/v1/schema", "200"),
        Row("GET", "api/v1/media/{file}?signature={file_signature}", "200"),
        Row("GET", "api/v1/media/{file}", "404", what="without its signature"),
        Row("GET", "api/v1/media/{file}?signature={other_signature}", "404", what="with another file's signature"),
        Row("POST", "api/v1/webhooks/replicate/{queued_prediction}/{queued_token}", "401", {"id": "r1"}, what="without Replicate's signature"),
        Row("POST", "api/v1/webhooks/replicate/{queued_prediction}/{other_token}", "404", {"id": "r1"}, what="with another prediction's token"),
        Row("GET", _SHARE, "200"),
        Row("GET", f"{_SHARE}/before", "200"),
        Row("GET", f"{_SHARE}/after", "200"),
        Row("GET", f"{_SHARE}/qr.svg", "200"),
        *(Row("GET", f"s/{{revoked_key}}/{{revoked_token}}{page}", "404", what="once revoked") for page in ("", "/before", "/after", "/qr.svg")),
        Row("GET", "s/{share_key}/{revoked_token}", "404", what="with another share's token"),
        Row("GET", "s/{share_key}", "404"),
    ),
)
# fmt: on
