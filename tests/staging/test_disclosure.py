"""Rules of disclosure: whose pictures get which label, whatever a profile or a job says."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from rest_framework.test import APIClient

from modelsettings import registry
from modelsettings.actors import Actor
from modelsettings.schema.published import PublishedModel
from modelsettings.settings import get_settings, patch_settings
from staging.batches import preparation
from staging.batches.requesting import request_batch
from staging.batches.sent import from_photo
from staging.disclosure import LabelRefused, RuleHolds, end_rule, set_rule
from staging.jobs.repeating import repeat_job, retry_job
from staging.jobs.request import StagingRequest
from staging.jobs.requesting import request_staging
from staging.models import DisclosureRule, PredictionStatus, Project, StagingJob
from staging.photos import Upload
from staging.projects import create_project, set_member
from tests.conftest import client_of, make_photo
from tests.modelsettings.acme import STAGER_INPUTS, published
from tests.staging.conftest import QWEN

RULES = "/api/v1/admin/disclosure-rules"
PAGE = "/admin/staging/disclosurerule/"
ANN = Actor("ann")
LABEL = "Virtually staged"
STAGER = "acme/stager"

pytestmark = pytest.mark.django_db


def stage(owner: User, *, project: Project | None = None, **overrides: Any) -> StagingJob:
    wanted = StagingRequest(model=QWEN, overrides=overrides)
    return request_staging(Upload(make_photo()), wanted, owner=owner, project=project)


def label_of(job: StagingJob) -> tuple[object, str | None, str]:
    """Return the label in a job's settings, the one that is drawn, and whose rule it is."""
    job.refresh_from_db()
    return job.settings["disclosure"], job.delivered.disclosure, job.disclosure_rule


def end(job: StagingJob, status: str = PredictionStatus.FAILED) -> None:
    job.predictions.update(status=status)
    StagingJob.objects.filter(pk=job.pk).update(status=status)


def test_without_a_rule_profiles_decide(operator: User) -> None:
    patch_settings(get_settings(QWEN).pk, {"disclosure": "AI"}, by=ANN)

    assert label_of(stage(operator)) == ("AI", "AI", "")


def test_the_sites_rule_wins_over_the_profile(operator: User) -> None:
    patch_settings(get_settings(QWEN).pk, {"disclosure": "AI"}, by=ANN)
    set_rule(None, LABEL, by=ANN)

    assert label_of(stage(operator)) == (LABEL, LABEL, "site")


def test_a_rule_has_the_picture_encoded_by_us(operator: User) -> None:
    """As a label of the profile does: the model is asked for what loses nothing."""
    set_rule(None, LABEL, by=ANN)

    assert stage(operator).input["output_format"] == "png"


def test_a_projects_rule_goes_before_the_sites(operator: User) -> None:
    elm, oak = (create_project(name, owner=operator) for name in ("Elm", "Oak"))
    set_rule(None, LABEL, by=ANN)
    set_rule(elm, DisclosureRule.NONE, by=ANN)

    assert label_of(stage(operator, project=elm)) == ("off", None, "project")
    assert label_of(stage(operator, project=oak)) == (LABEL, LABEL, "site")


def add_own_disclosure(prop: dict[str, Any]) -> None:
    """Add a model, acme/stager, with an input of its own that is called disclosure."""
    document = published({**STAGER_INPUTS, "disclosure": prop})
    registry.add_model(PublishedModel.from_json(document), by=ANN)


def test_a_rule_wins_over_a_models_own_input_of_that_name(operator: User) -> None:
    add_own_disclosure({"type": "boolean", "default": False})
    set_rule(None, LABEL, by=ANN)

    job = request_staging(Upload(make_photo()), StagingRequest(model=STAGER), owner=operator)
    again = repeat_job(job, by=operator)

    assert label_of(job) == label_of(again) == (False, LABEL, "site")
    assert job.input["disclosure"] is again.input["disclosure"] is False


def test_a_models_own_input_is_no_label_to_refuse(operator: User) -> None:
    add_own_disclosure({"type": "boolean", "default": False})
    set_rule(None, LABEL, by=ANN)
    wanted = StagingRequest(model=STAGER, overrides={"disclosure": True})

    job = request_staging(Upload(make_photo()), wanted, owner=operator)

    assert label_of(job) == (True, LABEL, "site")
    assert job.input["disclosure"] is True


@pytest.mark.parametrize("label", ["off", "Staged by us"])
def test_an_operators_other_label_is_refused(operator: User, label: str) -> None:
    set_rule(None, LABEL, by=ANN)

    with pytest.raises(RuleHolds, match="The rule of the site puts “Virtually staged” on every"):
        stage(operator, disclosure=label)

    assert label_of(stage(operator, disclosure=LABEL)) == (LABEL, LABEL, "site")


def test_a_clients_label_is_refused_with_a_code(stranger: User) -> None:
    set_rule(None, LABEL, by=ANN)
    job = stage(stranger)

    answer = client_of(stranger).post(
        "/api/v1/staging/jobs",
        {"photo": str(job.photo_id), "model": QWEN, "overrides": {"disclosure": "off"}},
        format="json",
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "not_overridable")


def test_repeat_gets_the_label_of_a_rule_that_came_since(operator: User) -> None:
    job = stage(operator, disclosure="off", go_fast=False)
    set_rule(None, LABEL, by=ANN)

    again = repeat_job(job, by=operator)

    assert label_of(again) == (LABEL, LABEL, "site")
    assert label_of(job) == ("off", None, "")
    assert again.overrides == {"go_fast": False}
    assert job.overrides == {"go_fast": False, "disclosure": "off"}


def test_retry_gets_the_label_of_a_rule_that_came_since(operator: User) -> None:
    job = stage(operator, disclosure="off")
    end(job)
    set_rule(None, LABEL, by=ANN)

    retry_job(job, by=operator)

    assert label_of(job) == (LABEL, LABEL, "site")
    assert job.overrides == {}


def test_repeat_and_retry_keep_the_label_where_the_rule_has_ended(operator: User) -> None:
    rule = set_rule(None, LABEL, by=ANN)
    job = stage(operator)
    end(job)
    end_rule(rule, by=ANN)

    again = repeat_job(job, by=operator)
    retry_job(job, by=operator)

    assert label_of(again) == (LABEL, LABEL, "")
    assert label_of(job) == (LABEL, LABEL, "")


def test_a_batch_gets_the_label_when_its_jobs_are_made(operator: User) -> None:
    photo = stage(operator).photo
    request_batch([from_photo(photo)], StagingRequest(), owner=operator, project=photo.project)
    set_rule(photo.project, LABEL, by=ANN)

    while preparation.prepare_waiting():
        pass

    assert label_of(StagingJob.objects.exclude(batch_photo=None).get())[1:] == (LABEL, "project")


def test_a_new_rule_ends_the_one_before(db: None) -> None:
    set_rule(None, "AI", by=ANN, reason="the first")
    set_rule(None, LABEL, by=Actor("bob"), reason="the lawyers' words")

    told = [
        (rule.label, rule.set_by, rule.reason, rule.ended_by, rule.ended_at is None)
        for rule in DisclosureRule.objects.all()
    ]
    assert told == [
        (LABEL, "bob", "the lawyers' words", "", True),
        ("AI", "ann", "the first", "bob", False),
    ]


def test_the_same_rule_again_stays(db: None) -> None:
    rule = set_rule(None, LABEL, by=ANN)

    assert set_rule(None, LABEL, by=Actor("bob")) == rule
    assert DisclosureRule.objects.count() == 1


@pytest.mark.parametrize("label", ["", "漢字", "x" * 61])
def test_a_label_that_cannot_be_drawn_is_refused(db: None, label: str) -> None:
    with pytest.raises(LabelRefused):
        set_rule(None, label, by=ANN)


def test_the_api_sets_lists_and_ends_rules(api: APIClient, operator: User, stranger: User) -> None:
    project = create_project("Elm", owner=stranger)
    set_member(project, "olga", may_edit=False)
    wanted = {"project": str(project.pk), "label": LABEL}

    made = api.post(RULES, wanted, format="json", headers={"X-Change-Reason": "the%20law"})
    shown = client_of(stranger).get(f"/api/v1/staging/projects/{project.pk}").json()
    ended = api.delete(f"{RULES}/{made.json()['id']}", headers={"X-Change-Reason": "over"})

    assert (made.status_code, ended.status_code) == (201, 204)
    rule = shown["disclosure_rule"]
    assert (rule["label"], rule["of"]) == (LABEL, "project")
    told = api.get(RULES).json()[0]
    assert (told["set_by"], told["reason"], told["ended_by"], told["end_reason"]) == (
        "olga",
        "the law",
        "olga",
        "over",
    )
    again = client_of(stranger).get(f"/api/v1/staging/projects/{project.pk}").json()
    assert again["disclosure_rule"] is None


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({}, "label"),
        ({"label": "漢"}, "label"),
        ({"label": LABEL, "project": "8c1f5d0e-3f0b-4c53-9d0a-3b0f1f8f6a11"}, "project"),
        ({"label": LABEL, "projekt": None}, "projekt"),
    ],
)
def test_the_api_refuses_a_wrong_rule(api: APIClient, wanted: dict[str, Any], field: str) -> None:
    answer = api.post(RULES, wanted, format="json")

    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert not DisclosureRule.objects.exists()


def test_the_api_ends_no_rule_that_there_is_not(api: APIClient) -> None:
    assert api.delete(f"{RULES}/1").status_code == 404


def test_the_api_has_no_rules_of_projects_that_one_does_not_see(
    api: APIClient, stranger: User
) -> None:
    rule = set_rule(create_project("Elm", owner=stranger), LABEL, by=ANN)

    assert api.get(RULES).json() == []
    assert api.delete(f"{RULES}/{rule.pk}").status_code == 404


def test_whoever_may_not_change_settings_sets_no_rule(stranger: User) -> None:
    stranger.user_permissions.add(Permission.objects.get(codename="view_modelsettings"))
    client = client_of(stranger)

    assert client.get(RULES).status_code == 200
    assert client.post(RULES, {"label": LABEL}, format="json").status_code == 403


def test_the_page_sets_and_ends_a_rule(admin_page: Client, stranger: User) -> None:
    project = create_project("Elm", owner=stranger)
    posted = {"project": str(project.pk), "label": LABEL, "reason": "the law"}

    page = admin_page.post(PAGE, posted, follow=True).content.decode()
    rule = DisclosureRule.objects.get()
    assert (rule.project, rule.set_by, rule.reason) == (project, "olga", "the law")
    assert "Elm: “Virtually staged”, from the next job on." in page

    page = admin_page.post(PAGE, {"end": rule.pk}, follow=True).content.decode()
    assert "The rule of Elm has ended. From the next job on, what decides is each profile." in page
    assert not DisclosureRule.objects.in_force().exists()


def test_the_page_says_that_the_sites_rule_holds_where_a_projects_has_ended(
    admin_page: Client, operator: User
) -> None:
    set_rule(None, LABEL, by=ANN)
    rule = set_rule(create_project("Elm", owner=operator), "off", by=ANN)

    page = admin_page.post(PAGE, {"end": rule.pk}, follow=True).content.decode()

    assert "what decides is the site&#x27;s rule: “Virtually staged”." in page


def test_a_rule_that_was_replaced_meanwhile_is_not_ended_in_the_place_of_the_newer(
    operator: User,
) -> None:
    project = create_project("Elm", owner=operator)
    former = set_rule(project, "off", by=ANN)
    newer = set_rule(project, LABEL, by=ANN)

    assert end_rule(former, by=ANN) == newer


def test_the_page_refuses_a_label_at_its_field(admin_page: Client) -> None:
    page = admin_page.post(PAGE, {"label": "漢"})

    assert page.status_code == 200
    assert "disclosure: " in page.content.decode()
    assert not DisclosureRule.objects.exists()


@pytest.mark.parametrize("end", ["7", "x", "9" * 30])
def test_the_page_ends_no_rule_that_there_is_not(admin_page: Client, end: str) -> None:
    page = admin_page.post(PAGE, {"end": end}, follow=True)

    assert "This rule has ended already." in page.content.decode()


def test_pages_say_which_rule_wins(admin_page: Client, operator: User) -> None:
    set_rule(None, LABEL, by=ANN, reason="the law")
    job = stage(operator)
    project = create_project("Elm", owner=operator)
    settings = f"/admin/modelsettings/modelsettings/{job.profile_id}/change/"

    of_settings, of_project, of_job = (
        admin_page.get(address).content.decode()
        for address in (
            settings,
            f"/admin/staging/project/{project.pk}/change/",
            f"/admin/staging/stagingjob/{job.pk}/change/",
        )
    )

    assert "The site's rule wins over <em>Disclosure</em> in every profile" in of_settings
    assert "The site's rule wins" in of_project
    assert "“Virtually staged”, by the rule of the site" in of_job


def test_the_page_has_the_rules_of_the_projects_that_one_is_shown(stranger: User) -> None:
    """Whoever may change settings, and sees no project of others, sees no rule of theirs."""
    other = create_project("12 Elm Street", owner=User.objects.create_user("mia"))
    own = create_project("5 Oak Lane", owner=stranger)
    of_other, of_own = (set_rule(project, LABEL, by=ANN) for project in (other, own))
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.add(Permission.objects.get(codename="change_modelsettings"))
    browser = Client()
    browser.force_login(stranger)

    page = browser.get(PAGE).content.decode()
    browser.post(PAGE, {"end": of_other.pk})
    browser.post(PAGE, {"end": of_own.pk})
    refused = browser.post(PAGE, {"label": "AI", "project": str(other.pk)})

    assert ("5 Oak Lane" in page, "12 Elm Street" in page) == (True, False)
    assert list(DisclosureRule.objects.in_force()) == [of_other]
    assert refused.status_code == 200
