import pytest
from django.contrib.admin.sites import site
from django.test import Client, RequestFactory
from django.urls import reverse


@pytest.mark.parametrize("page", ["knox_authtoken_changelist", "knox_authtoken_mine"])
def test_sidebar_marks_one_page_of_tokens(admin_client: Client, page: str) -> None:
    link = reverse(f"admin:{page}")
    request = RequestFactory().get(link)
    request.user = admin_client.get(reverse("admin:index")).wsgi_request.user

    groups = site.get_sidebar_list(request)  # type: ignore[attr-defined]  # Unfold's site

    items = [item for group in groups for item in group["items"]]
    assert [str(item["link"]) for item in items if item["active"]] == [link]
