"""The rule of access: in which projects an account may do what, for the API and the admin."""

import pytest
from django.contrib.auth.models import Group, Permission, User

from staging import access
from staging.access import Right, RightMissing
from staging.errors import MayOnlySee, NotTheOwner
from staging.models import Photo, Project, ProjectMember, StagedImage
from tests.staging.finished import staged

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(stranger: User) -> Project:
    return Project.objects.create(owner=stranger, name="Elm Street 5")


def join(project: Project, name: str, *, role: str = "", may_edit: bool = False) -> User:
    user = User.objects.create_user(name)
    ProjectMember.objects.create(project=project, user=user, may_edit=may_edit)
    if role:
        user.groups.add(Group.objects.get(role__key=role))
    return user


@pytest.mark.parametrize(
    ("role", "may_edit", "rights"),
    [
        # A client of the API, whose membership alone decides.
        ("", False, [False, False, False]),
        ("", True, [True, True, True]),
        ("Judge", False, [True, False, False]),
        ("Judge", True, [True, False, False]),
        ("Stager", False, [True, False, False]),
        ("Stager", True, [True, True, True]),
        ("Operator", False, [True, False, False]),
    ],
)
def test_may_in_the_api(project: Project, role: str, may_edit: bool, rights: list[bool]) -> None:
    user = join(project, "mia", role=role, may_edit=may_edit)

    asked = (Right.JUDGE, Right.STAGE, Right.DELETE_JOB)
    assert [access.may(user, right, project) for right in asked] == rights


def test_may_with_all_projects_counts_in_the_admin_alone(project: Project) -> None:
    operator = User.objects.create_user("olga", is_staff=True)
    operator.groups.add(Group.objects.get(role__key="Operator"))

    assert access.may(operator, Right.STAGE, project, in_admin=True)
    assert not access.may(operator, Right.STAGE, project)


def test_may_change_is_the_owners(project: Project, stranger: User) -> None:
    editor = join(project, "mia", may_edit=True)

    assert access.may(stranger, Right.CHANGE_PROJECT, project)
    assert not access.may(editor, Right.CHANGE_PROJECT, project)


def test_staff_is_bound_by_its_permissions(project: Project, stranger: User) -> None:
    assert access.holds(stranger, Right.STAGE)

    stranger.is_staff = True

    assert not access.holds(stranger, Right.STAGE)


def test_group_of_an_administrators_own_binds_nobody(stranger: User) -> None:
    stranger.groups.add(Group.objects.create(name="agents"))

    assert access.holds(stranger, Right.STAGE)


@pytest.mark.parametrize(
    ("role", "right", "refusal"),
    [
        ("Judge", Right.STAGE, RightMissing),
        ("Stager", Right.STAGE, MayOnlySee),
        ("Stager", Right.DELETE_PROJECT, NotTheOwner),
    ],
)
def test_check_says_what_is_missing(
    project: Project, role: str, right: Right, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        access.check(join(project, "mia", role=role), right, project)


def test_rows_of_an_account_with_many_projects(
    monkeypatch: pytest.MonkeyPatch, operator: User, stranger: User
) -> None:
    monkeypatch.setattr(access, "MOST_NAMED", 1)
    mine = [
        staged(operator, project=Project.objects.create(owner=operator, name=name)).photo
        for name in "abc"
    ]
    staged(stranger)
    operator.user_permissions.remove(Permission.objects.get(codename="all_projects"))

    shown = access.rows_shown_to(Photo.objects.all(), User.objects.get(pk=operator.pk))
    pictures = access.rows_for(
        StagedImage.objects.all(), stranger, Right.JUDGE, project="prediction__job__project"
    )

    assert set(shown) == set(mine)
    assert pictures.count() == 1
