"""The admin's pages: those of ours and those that come with Django."""

# ruff: noqa: E501  (rows of a table)

from tests.permissions.table import PHOTO, Body, Row, Section

_COLUMNS = {
    "nobody": ("nobody", "dismissed"),
    "an account": ("stranger", "sees", "edits", "owner"),
    "staff": ("clerk",),
    "a viewer": ("viewer",),
    "Judge": ("judge",),
    "Stager": ("stager",),
    "Stager elsewhere": ("elsewhere",),
    "Operator": ("operator",),
    "Administrator": ("administrator",),
    "a superuser": ("superuser",),
}
_BLIND = ("nobody", "an account", "staff", "Stager elsewhere")

# Columns: nobody, account, staff, viewer, Judge, Stager, Stager elsewhere, Operator,
# Administrator, superuser. What opens to those who look after the whole site alone:
_SEE = "login login 403 200 403 403 403 200 200 200"
_ADD = "login login 403 403 403 403 403 200 200 200"
_CHANGE = "login login 403 403 403 403 403 302+ 302+ 302+"
# What is decided for everybody, by those who look after notices.
_DECIDE = "login login 403 403 403 403 403 302+ 302+ 302+"
_DELETE = "login login 404 403 404 404 404 200 200 200"
_DELETED = "login login 404 403 404 404 404 302+ 302+ 302+"
# A list, whose actions are offered to those who may carry them out; to others it is shown again.
_ACT = "login login 403 200 403 403 403 302+ 302+ 302+"
_NO = "login login 403 403 403 403 403 403 403 403"
# What opens to everybody with a role, of their projects; what is not theirs is not there.
_LOGGED_IN = "login login 200 200 200 200 200 200 200 200"
_LIST = "login login 403 200 200 200 200 200 200 200"
_FIND = "login login 404 200 200 200 404 200 200 200"
_PAST = "login login 302 200 200 200 302 200 200 200"
# What opens to stagers, too. A page of Django's leads away from what is not there.
_LIST_OF_STAGERS = "login login 403 200 403 200 200 200 200 200"
_ROW_OF_STAGERS = "login login 403 200 403 200 302 200 200 200"
_PAST_OF_STAGERS = "login login 302 200 403 200 302 200 200 200"
_ADD_OF_STAGERS = "login login 403 403 403 200 200 200 200 200"
_TO_STAGE = "login login 403 403 403 302 302 302 302 302"
_CHANGE_OF_STAGERS = "login login 403 403 403 302+ 404 302+ 302+ 302+"
_CHANGE_FOUND = "login login 404 403 403 302+ 404 302+ 302+ 302+"
_ACT_OF_STAGERS = "login login 403 200 200 302+ 302 302+ 302+ 302+"


def _no(path: str) -> tuple[Row, Row]:
    """Return the rows of a page that the admin has and nobody may use."""
    return Row("GET", path, _NO), Row("POST", path, _NO, {})


def _bare(path: str) -> Row:
    """Return the row of an address without its page, which leads to the page."""
    return Row("GET", path, "login login 302 302 302 302 302 302 302 302")


def _action(name: str, chosen: str) -> Body:
    return {"action": name, "_selected_action": chosen, "post": "yes"}


_ORDER = {"styles": "modern", "room_type": "default", "project": "{project}"}
_MEMBERS = {"members-TOTAL_FORMS": "0", "members-INITIAL_FORMS": "0"}

# fmt: off
_SITE = Section(
    title="The admin as a whole",
    words="",
    prefix="/admin/",
    columns=_COLUMNS,
    blind=_BLIND,
    rows=(
        Row("GET", "", _LOGGED_IN, what="what one may not see is not on it"),
        Row("POST", "attention/put-aside/", _DECIDE, {"key": "pause-{paused}", "seen": " "}, "staging_putaside"),
        Row("POST", "attention/bring-back/", _DECIDE, {"key": "{aside}"}, "staging_putaside"),
        Row("GET", "{app_staging}/", "login login 404 200 200 200 200 200 200 200"),
        Row("GET", "{app_modelsettings}/", "login login 404 200 404 404 404 200 200 200"),
        Row("GET", "{app_auth}/", "login login 404 404 404 404 404 404 200 200"),
        Row("GET", "{app_knox}/", "login login 404 404 404 404 404 404 200 200"),
        Row("GET", "autocomplete/?app_label=staging&model_name=photo&field_name=project", _LIST),
        Row("GET", "autocomplete/?app_label=staging&model_name=photo&field_name=owner", "login login 403 403 403 403 403 403 200 200"),
        Row("GET", "changes/", _SEE, what="recent changes, of what one may see"),
        Row("GET", "jsi18n/", _LOGGED_IN),
        Row("GET", "stage/", _ADD_OF_STAGERS, what="the Stage page"),
        Row("GET", "stage/?project={project}&photo={photo}", _ADD_OF_STAGERS, what="of a photo"),
        Row("POST", "stage/", "login login 403 403 403 302+ 200 302+ 302+ 302+", _ORDER | {"images": PHOTO}, "staging_stagingjob", "a new photo into the project"),
        Row("POST", "stage/", "login login 403 403 403 302+ 200 302+ 302+ 302+", _ORDER | {"photo": "{photo}", "styles": ["modern", "industrial"]}, "staging_stagingbatch", "a photo of the project"),
        Row("POST", "stage/forecast/", _ADD_OF_STAGERS, _ORDER | {"photo": "{photo}"}, what="what it would come to"),
        Row("GET", "stage/done/", _LOGGED_IN, what="one's own batches that are done"),
        Row("POST", "stage/done/{notice}/", "login login 404 404 404 404 404 404 404 404", {}, what="another's"),
        Row("GET", "stage/photos/", _ADD_OF_STAGERS, what="photos that one may stage"),
        Row("GET", "login/", "200 200 302 302 302 302 302 302 302 302"),
        Row("POST", "login/", "302+ 302+ 302+ 302+ 302+ 302+ 302+ 302+ 302+ 302+", {"username": "{operator_name}", "password": "{password}"}, "django_session", "as an operator"),
        Row("POST", "login/", "200 200 200 200 200 200 200 200 200 200", {"username": "{owner_name}", "password": "{password}"}, what="as somebody who is no staff"),
        Row("POST", "logout/", "302 302 200+ 200+ 200+ 200+ 200+ 200+ 200+ 200+", {}, "django_session"),
        Row("GET", "password_change/", _LOGGED_IN),
        Row("POST", "password_change/", "login login 302+ 302+ 302+ 302+ 302+ 302+ 302+ 302+", {"old_password": "{password}", "new_password1": "{new_password}", "new_password2": "{new_password}"}, "auth_user", "one's own"),
        Row("GET", "password_change/done/", _LOGGED_IN),
        Row("GET", "r/{type_of_project}/{project}/", "login login 404 404 404 404 404 404 404 404"),
        Row("GET", "session/", _LOGGED_IN, what="says who is signed in"),
        Row("GET", "search/?s=jobs", _LOGGED_IN, what="what one may not see is not found"),
        Row("GET", "{nowhere}", "login login 404 404 404 404 404 404 404 404"),
    ),
)

_STAGING = Section(
    title="Staging in the admin",
    words="A Judge and a Stager see the projects that they own or are members of; here the Judge may see the project, and the Stager may edit it. Operators see all projects, as does whoever has `all_projects`.",
    prefix="/admin/staging/",
    columns=_COLUMNS,
    blind=_BLIND,
    rows=(
        Row("GET", "callback/", _LIST_OF_STAGERS),
        Row("POST", "callback/", "login login 403 200 403 302+ 302 302+ 302+ 302+", _action("send_selected_again", "{callback}"), "staging_callback", "send again"),
        *_no("callback/add/"),
        _bare("callback/{callback}/"),
        Row("GET", "callback/{callback}/change/", _ROW_OF_STAGERS),
        Row("POST", "callback/{callback}/change/", _NO, {}),
        *_no("callback/{callback}/delete/"),
        Row("GET", "callback/{callback}/history/", _PAST_OF_STAGERS),
        Row("POST", "callback/{callback}/send-again/", _CHANGE_OF_STAGERS, {}, "staging_callback"),

        Row("GET", "dailyusage/", _LIST_OF_STAGERS),
        *_no("dailyusage/add/"),
        _bare("dailyusage/{usage}/"),
        Row("GET", "dailyusage/{usage}/change/", _ROW_OF_STAGERS),
        Row("POST", "dailyusage/{usage}/change/", _NO, {}),
        *_no("dailyusage/{usage}/delete/"),
        Row("GET", "dailyusage/{usage}/history/", _PAST_OF_STAGERS),

        Row("GET", "invitation/", "login login 200 200 200 200 200 200 200 200", what="one's own"),
        Row("POST", "invitation/{invitation}/accept/", "login login 404 404 404 404 404 404 404 404", {}, what="another's"),
        Row("POST", "invitation/{invitation}/decline/", "login login 404 404 404 404 404 404 404 404", {}, what="another's"),
        *_no("invitation/add/"),
        _bare("invitation/{invitation}/"),
        *_no("invitation/{invitation}/change/"),
        *_no("invitation/{invitation}/delete/"),
        Row("GET", "invitation/{invitation}/history/", _NO),

        Row("GET", "notice/", _SEE),
        *_no("notice/add/"),
        _bare("notice/{notice}/"),
        Row("GET", "notice/{notice}/change/", _SEE),
        Row("POST", "notice/{notice}/change/", _NO, {}),
        *_no("notice/{notice}/delete/"),
        Row("GET", "notice/{notice}/history/", _SEE),
        Row("POST", "notice/test/", "login login 403 403 403 403 403 302 302 302", {}, what="sends a test, where mail or a webhook is set"),

        Row("GET", "photo/", _LIST),
        Row("GET", "photo/?project__id__exact={project}", _LIST, what="of the project"),
        Row("POST", "photo/", _ACT_OF_STAGERS, _action("delete_selected", "{photo}"), "staging_photo", "delete"),
        Row("GET", "photo/add/", _TO_STAGE, what="to the Stage page"),
        Row("POST", "photo/add/", _TO_STAGE, {}),
        _bare("photo/{photo}/"),
        Row("GET", "photo/{photo}/change/", _FIND),
        Row("POST", "photo/{photo}/change/", "login login 404 403 403 302 404 302 302 302", {}, what="to the Stage page"),
        Row("GET", "photo/{photo}/delete/", "login login 404 403 403 200 404 200 200 200"),
        Row("POST", "photo/{photo}/delete/", _CHANGE_FOUND, {}, "staging_photo"),
        Row("GET", "photo/{photo}/history/", _PAST),

        Row("GET", "priceestimate/", _SEE),
        Row("GET", "priceestimate/add/", _ADD),
        Row("POST", "priceestimate/add/", _CHANGE, {"model": "{unpriced_model}", "usd": "0.25"}, "staging_priceestimate"),
        Row("POST", "priceestimate/of-settings/{profile}/", "login login 403 200 403 403 403 200 200 200", {"values": "{document}"}, what="what a photo costs by settings that are not saved"),
        _bare("priceestimate/{estimate}/"),
        Row("GET", "priceestimate/{estimate}/change/", _SEE),
        Row("POST", "priceestimate/{estimate}/change/", _CHANGE, {"usd": "0.5"}, "staging_priceestimate"),
        Row("GET", "priceestimate/{estimate}/delete/", _DELETE),
        Row("POST", "priceestimate/{estimate}/delete/", _DELETED, {}, "staging_priceestimate"),
        Row("GET", "priceestimate/{estimate}/history/", _SEE),

        Row("GET", "project/", _LIST),
        Row("POST", "project/", "login login 403 200 200 302 302 302+ 302+ 302+", _action("delete_selected", "{project}"), "staging_project", "delete"),
        Row("GET", "project/add/", _ADD_OF_STAGERS),
        Row("POST", "project/add/", "login login 403 403 403 302+ 302+ 302+ 302+ 302+", {"name": "Mine", "owner": "{owner_name}"}, "staging_project"),
        _bare("project/{project}/"),
        Row("GET", "project/{project}/change/", "login login 403 200 200 200 302 200 200 200"),
        Row("POST", "project/{project}/change/", "login login 403 403 403 403 302 302+ 302+ 302+", {"name": "Renamed", "owner": "{owner_name}"} | _MEMBERS, "staging_project"),
        Row("GET", "project/{project}/delete/", "login login 404 403 403 403 404 200 200 200"),
        Row("POST", "project/{project}/delete/", "login login 404 403 403 403 404 302+ 302+ 302+", {}, "staging_project"),
        Row("GET", "project/{project}/history/", _PAST),
        Row("GET", "project/{project}/pictures.zip", _FIND),

        Row("GET", "disclosurerule/", _SEE),
        Row("POST", "disclosurerule/", _CHANGE, {"label": "Virtually staged"}, "staging_disclosurerule", "set the site's"),
        Row("POST", "disclosurerule/", _CHANGE, {"end": "{project_rule}"}, "staging_disclosurerule", "end a project's"),
        *_no("disclosurerule/add/"),
        _bare("disclosurerule/{project_rule}/"),
        Row("GET", "disclosurerule/{project_rule}/change/", _SEE),
        Row("POST", "disclosurerule/{project_rule}/change/", _NO, {}),
        *_no("disclosurerule/{project_rule}/delete/"),
        Row("GET", "disclosurerule/{project_rule}/history/", "login login 302 200 403 403 302 200 200 200"),
        Row("GET", "purchasepause/", _SEE),
        Row("GET", "purchasepause/add/", _ADD),
        Row("POST", "purchasepause/add/", _CHANGE, {"model": "", "reason": "wrong prompts"}, "staging_purchasepause", "pause"),
        _bare("purchasepause/{paused}/"),
        Row("GET", "purchasepause/{paused}/change/", _SEE),
        Row("POST", "purchasepause/{paused}/change/", _NO, {}),
        *_no("purchasepause/{paused}/delete/"),
        Row("GET", "purchasepause/{paused}/history/", _SEE),
        Row("POST", "purchasepause/{paused}/resume/", _CHANGE, {}, "staging_purchasepause"),
        Row("GET", "purchasepause/{held}/queue/", _SEE, what="of a deactivated account"),
        Row("POST", "purchasepause/{held}/queue/", _CHANGE, {"to": "{owner_name}"}, "staging_prediction", "hand it over"),
        Row("POST", "purchasepause/{held}/queue/", _CHANGE, {"cancel": ""}, "staging_prediction", "cancel it"),

        Row("GET", "share/", _LIST_OF_STAGERS),
        Row("POST", "share/", "login login 403 200 403 302+ 302 302+ 302+ 302+", _action("revoke_selected", "{share}"), "staging_share", "revoke"),
        *_no("share/add/"),
        _bare("share/{share}/"),
        Row("GET", "share/{share}/change/", _ROW_OF_STAGERS),
        Row("POST", "share/{share}/change/", _NO, {}),
        *_no("share/{share}/delete/"),
        Row("GET", "share/{share}/history/", _PAST_OF_STAGERS),
        Row("POST", "share/{share}/revoke/", _CHANGE_OF_STAGERS, {}, "staging_share"),
        Row("POST", "share/of/{image}/", _CHANGE_OF_STAGERS, {}, "staging_share"),

        Row("GET", "spendinglimit/", _SEE),
        Row("POST", "spendinglimit/", _ACT, _action("delete_selected", "{limit}"), "staging_spendinglimit", "delete"),
        Row("GET", "spendinglimit/accounts/", _ADD),
        Row("POST", "spendinglimit/accounts/", _CHANGE, {"period": "month", "usd": "20", "when_over": "wait"}, "staging_spendinglimit", "a limit for every account"),
        Row("POST", "spendinglimit/first/", "login login 403 403 403 403 403 302 302 302", {}, what="there is a limit already"),
        Row("GET", "spendinglimit/add/", _ADD),
        Row("POST", "spendinglimit/add/", _CHANGE, {"project": "{project}", "period": "month", "usd": "50", "when_over": "wait"}, "staging_spendinglimit"),
        _bare("spendinglimit/{limit}/"),
        Row("GET", "spendinglimit/{limit}/change/", _SEE),
        Row("POST", "spendinglimit/{limit}/change/", _CHANGE, {"usd": "9", "when_over": "wait"}, "staging_spendinglimit"),
        Row("GET", "spendinglimit/{limit}/delete/", _DELETE),
        Row("POST", "spendinglimit/{limit}/delete/", _DELETED, {}, "staging_spendinglimit"),
        Row("GET", "spendinglimit/{limit}/history/", _SEE),

        Row("GET", "stagedimage/?project={project}", "login login 403 403 200 200 200 200 200 200", what="of the project"),
        Row("GET", "stagedimage/", "login login 403 403 200 200 200 200 200 200", what="the queue of judging"),
        *_no("stagedimage/add/"),
        _bare("stagedimage/{image}/"),
        Row("GET", "stagedimage/{image}/change/", "login login 404 302 302 302 404 302 302 302", what="to its job"),
        *_no("stagedimage/{image}/delete/"),
        Row("GET", "stagedimage/{image}/history/", _PAST),
        Row("POST", "stagedimage/{image}/judge/", "login login 403 403 302+ 302+ 404 302+ 302+ 302+", {"verdict": "accepted"}, "staging_stagedimage"),

        Row("GET", "stagingbatch/", _LIST),
        Row("GET", "stagingbatch/?project__id__exact={project}", _LIST, what="of the project"),
        Row("GET", "stagingbatch/add/", _TO_STAGE, what="to the Stage page"),
        Row("POST", "stagingbatch/add/", _TO_STAGE, {}),
        _bare("stagingbatch/{batch}/"),
        Row("GET", "stagingbatch/{batch}/change/", _FIND),
        *_no("stagingbatch/{batch}/delete/"),
        Row("POST", "stagingbatch/{batch}/photos/{refused_at}/replace/", "login login 403 403 403 302+ 404 302+ 302+ 302+", {"photo": PHOTO}, "staging_batchphoto", "replace a refused photo"),
        Row("GET", "stagingbatch/{batch}/history/", _PAST),
        Row("GET", "stagingbatch/{batch}/pictures.zip", _FIND),

        Row("GET", "stagingjob/", _LIST),
        Row("GET", "stagingjob/?project__id__exact={project}", _LIST, what="of the project"),
        Row("POST", "stagingjob/", "login login 403 302 302 302+ 302 302+ 302+ 302+", _action("retry_selected", "{failed}"), "staging_prediction", "retry"),
        Row("POST", "stagingjob/", "login login 403 302 302 302+ 302 302+ 302+ 302+", _action("cancel_selected", "{queued}"), "staging_prediction", "cancel"),
        Row("POST", "stagingjob/", "login login 403 200 200 200 302 200 200 200", _action("download_selected", "{job}"), what="download"),
        Row("POST", "stagingjob/", "login login 403 302 302 302+ 302 302+ 302+ 302+", _action("delete_selected", "{job}"), "staging_stagingjob", "delete"),
        *_no("stagingjob/add/"),
        _bare("stagingjob/{job}/"),
        Row("POST", "stagingjob/{queued}/{do_cancel}/now/", _CHANGE_FOUND, {}, "staging_prediction"),
        Row("POST", "stagingjob/{failed}/{do_retry}/now/", _CHANGE_FOUND, {}, "staging_prediction"),
        Row("POST", "stagingjob/{job}/{do_repeat}/now/", _CHANGE_FOUND, {}, "staging_stagingjob"),
        Row("POST", "stagingjob/{job}/{do_new_seed}/now/", _CHANGE_FOUND, {}, "staging_stagingjob"),
        Row("GET", "stagingjob/{job}/change/", _FIND),
        Row("GET", "stagingjob/{job}/delete/", "login login 404 403 403 200 404 200 200 200"),
        Row("POST", "stagingjob/{job}/delete/", _CHANGE_FOUND, {}, "staging_stagingjob"),
        Row("GET", "stagingjob/{job}/history/", _PAST),
        Row("GET", "stagingjob/{job}/pictures.zip", _FIND),
    ),
)

_WORDS = {
    "roomtype": ("room", {"label": "Snug", "noun": "a snug", "purpose": "Reading.", "furniture": "A chair.", "is_active": "on", "position": "5"}),
    "style": ("style", {"label": "Japandi", "character": "Calm.", "inside": "Oak.", "outside": "Cedar.", "is_active": "on", "position": "5"}),
    "promptrules": ("rules", {"rules": "Keep the walls.", "placement": "On the floor."}),
    "prompttemplate": ("template", {"furnishing": "A desk and a lamp."}),
}


def _library(kind: str, *, add: tuple[Row, ...], listed: str = _SEE, previewed: str = _SEE, query: str = "") -> tuple[Row, ...]:
    """Return the rows of one kind of entries, which have the same pages."""
    place, words = _WORDS[kind]
    at = f"{kind}/{{{place}}}"
    started = {"started_from": f"{{{place}_newest}}"}
    back = f"{at}/roll-back/{{{place}_oldest}}/"
    return (
        Row("GET", f"{kind}/", listed),
        *add,
        _bare(f"{at}/"),
        Row("GET", f"{at}/change/", _SEE),
        Row("POST", f"{at}/change/", _CHANGE, {**words, **started}, f"staging_{kind}"),
        *_no(f"{at}/delete/"),
        Row("GET", f"{at}/history/", _SEE),
        Row("POST", f"{at}/preview/", _SEE, words, what="shows a prompt, saves nothing"),
        Row("GET", back, _SEE),
        Row("POST", back, _CHANGE, started, f"staging_{kind}"),
        Row("POST", f"{kind}/preview/{query}", previewed, words, what="shows a prompt, saves nothing"),
    )


def _adding(kind: str, query: str = "", **more: str) -> tuple[Row, Row]:
    address = f"{kind}/add/{query}"
    return (
        Row("GET", address, _ADD),
        Row("POST", address, _CHANGE, {**_WORDS[kind][1], **more}, f"staging_{kind}"),
    )


_PAIR = "?room_type=bathroom&style=modern"

_LIBRARY = Section(
    title="The prompt library",
    words="Entries are retired, never deleted; the rules of inside and outside are there and no others.",
    prefix="/admin/staging/",
    columns=_COLUMNS,
    rows=(
        Row("GET", "roomtype/library/", _SEE),
        *_library("roomtype", add=_adding("roomtype", key="snug")),
        *_library("style", add=_adding("style", key="japandi")),
        *_library("promptrules", add=_no("promptrules/add/")),
        *_library("prompttemplate", add=_adding("prompttemplate", _PAIR), query=_PAIR, listed="login login 302 302 302 302 302 302 302 302"),
    ),
)

_PROFILE = "modelsettings/{profile}"


def _button(action: str, profile: str = "{draft}", **more: str) -> Row:
    """Return the row of a button on a profile's page."""
    elsewhere = {"rooms": "modelsettings_roomprofile"}
    changed = elsewhere.get(action, "modelsettings_modelsettings")
    body = {"action": action, **more}
    return Row("POST", f"modelsettings/{profile}/change/", _CHANGE, body, changed, action)


_SETTINGS = Section(
    title="Models and settings in the admin",
    words="",
    prefix="/admin/modelsettings/",
    columns=_COLUMNS,
    rows=(
        Row("GET", "modelsettings/", _SEE),
        *_no("modelsettings/add/"),
        _bare(f"{_PROFILE}/"),
        Row("GET", f"{_PROFILE}/change/", _SEE),
        Row("POST", f"{_PROFILE}/change/", _CHANGE, {"values": "{document}", "revision": "{revision}"}, "modelsettings_modelsettings", "save"),
        _button("reset", "{profile}", key="*"),
        _button("undo", "{profile}", revision="1"),
        _button("copy", name="another"),
        _button("rename", name="another"),
        _button("rooms", room_type="bedroom"),
        _button("retire"),
        _button("restore", "{retired}"),
        Row("GET", f"{_PROFILE}/compare/", _SEE),
        *_no(f"{_PROFILE}/delete/"),
        Row("GET", f"{_PROFILE}/history/", _SEE),
        Row("GET", "modelsettings/{draft}/make-live/", _ADD),
        Row("POST", "modelsettings/{draft}/make-live/", _CHANGE, {"shown": "{live_choice}"}, "modelsettings_replicatemodel"),
        Row("GET", f"{_PROFILE}/rollback/{{first_revision}}/", _SEE),
        Row("POST", f"{_PROFILE}/rollback/{{first_revision}}/", _CHANGE, {}, "modelsettings_modelsettings"),
        Row("GET", "modelsettings/search/", _SEE),

        Row("GET", "replicatemodel/", _SEE),
        Row("POST", "replicatemodel/", "login login 403 200 403 403 403 302 302 302", _action("make_default", "{other_model_pk}"), what="to the page that makes it the default"),
        Row("GET", "replicatemodel/{other_model_pk}/make-default/", _ADD),
        Row("POST", "replicatemodel/{other_model_pk}/make-default/", _CHANGE, {"shown": "{default_choice}"}, "modelsettings_replicatemodel"),
        Row("GET", "replicatemodel/add/", "login login 302 302 302 302 302 302 302 302", what="to the next"),
        Row("GET", "replicatemodel/add-from-replicate/", _ADD),
        Row("POST", "replicatemodel/add-from-replicate/", _CHANGE, {"slug": "{incomplete_model}", "action": "adopt", "digest": "{digest}"}, "modelsettings_replicatemodel"),
        _bare("replicatemodel/{model_pk}/"),
        Row("GET", "replicatemodel/{model_pk}/change/", "login login 403 302 403 403 403 302 302 302", what="to its part of its settings' page"),
        Row("POST", "replicatemodel/{model_pk}/change/", _CHANGE, {"action": "facts", "facts-label": "Renamed", "facts-is_enabled": "on"}, "modelsettings_replicatemodel", "its name and use"),
        Row("POST", "replicatemodel/{model_pk}/change/", _CHANGE, {"action": "price", "usd-0": "0.07", "unit-0": "image"}, "modelsettings_replicatemodel", "its price"),
        Row("POST", "replicatemodel/{model_pk}/change/", _CHANGE, {"action": "check"}, "modelsettings_schemareading", "its check for an update"),
        *_no("replicatemodel/{model_pk}/delete/"),
        Row("GET", "replicatemodel/{model_pk}/history/", _SEE),
    ),
)

# Whoever manages accounts gives no right that they lack: tests/config/test_admin.py.
_ROOT = "login login 403 403 403 403 403 403 200 200"
_ROOT_CHANGES = "login login 403 403 403 403 403 403 302+ 302+"


def _accounts(kind: str, pk: str, table: str) -> tuple[Row, ...]:
    """Return the rows that all kinds have."""
    at = f"{kind}/{pk}"
    return (
        Row("GET", f"{kind}/", _ROOT),
        Row("POST", f"{kind}/", _ROOT_CHANGES, _action("delete_selected", pk), table, "delete"),
        _bare(f"{at}/"),
        Row("GET", f"{at}/change/", _ROOT),
        Row("GET", f"{at}/delete/", _ROOT),
        Row("POST", f"{at}/delete/", _ROOT_CHANGES, {"post": "yes"}, table),
        Row("GET", f"{at}/history/", _ROOT),
    )


_USER = {"username": "nadia", "date_joined_0": "2026-01-01", "date_joined_1": "00:00"}
_PASSWORDS = {"password1": "{new_password}", "password2": "{new_password}", "usable_password": "true"}

_ACCOUNTS = Section(
    title="Accounts and API tokens in the admin",
    words="Administrators manage accounts that have no right beyond their own, and give no such right.",
    prefix="/admin/",
    columns=_COLUMNS,
    blind=_BLIND,
    rows=(
        *_accounts("auth/user", "{newcomer_pk}", "auth_user"),
        Row("POST", "auth/user/{newcomer_pk}/change/", _ROOT_CHANGES, _USER, "auth_user"),
        Row("GET", "auth/user/add/", _ROOT),
        Row("POST", "auth/user/add/", _ROOT_CHANGES, {"username": "nadia"} | _PASSWORDS, "auth_user"),
        Row("GET", "auth/user/{newcomer_pk}/password/", _ROOT),
        Row("POST", "auth/user/{newcomer_pk}/password/", _ROOT_CHANGES, _PASSWORDS, "auth_user"),
        Row("POST", "auth/user/{newcomer_pk}/revoke-tokens/", _ROOT_CHANGES, {}, "knox_authtoken"),
        Row("POST", "auth/user/{newcomer_pk}/renew-callback-secret/", _ROOT_CHANGES, {}, "staging_callbacksecretrenewal"),
        *_accounts("auth/group", "{group}", "auth_group"),
        Row("POST", "auth/group/{group}/change/", _ROOT_CHANGES, {"name": "renamed"}, "auth_group"),
        Row("GET", "auth/group/add/", _ROOT),
        Row("POST", "auth/group/add/", _ROOT_CHANGES, {"name": "new"}, "auth_group"),
        *_accounts("knox/authtoken", "{api_token}", "knox_authtoken"),
        Row("POST", "knox/authtoken/{api_token}/change/", _NO, {}),
        *_no("knox/authtoken/add/"),
        Row("GET", "knox/authtoken/mine/", "login login 200 200 200 200 200 200 200 200", what="one's own"),
        Row("POST", "knox/authtoken/mine/", "login login 200+ 200+ 200+ 200+ 200+ 200+ 200+ 200+", {"name": "script", "days": ""}, "knox_authtoken"),
        Row("POST", "knox/authtoken/mine/{token_id}/revoke/", "login login 302 302 302 302 302 302 302 302", {}, what="another's: none is revoked"),
        Row("POST", "knox/authtoken/mine/renew-callback-secret/", "login login 200+ 200+ 200+ 200+ 200+ 200+ 200+ 200+", {}, "staging_callbacksecretrenewal"),
        Row("POST", "knox/authtoken/mine/revoke-all/", "login login 302+ 302+ 302+ 302+ 302+ 302+ 302+ 302+", {}, "knox_authtoken"),
    ),
)
# fmt: on

SECTIONS = (_SITE, _STAGING, _LIBRARY, _SETTINGS, _ACCOUNTS)
