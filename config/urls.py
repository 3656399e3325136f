"""Addresses of the whole site: the admin, the API, the public pages."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config.accounts.session_page import session
from config.dashboard.search import search_view
from staging.admin.changes import changes_view

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    # In the place of Unfold's, which every page asks.
    path("admin/search/", admin.site.admin_view(search_view)),
    path("admin/attention/", include("config.dashboard.urls")),
    path("admin/changes/", admin.site.admin_view(changes_view), name="changes"),
    path("admin/session/", admin.site.admin_view(session), name="session"),
    path("admin/stage/", include("staging.admin.stage.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("modelsettings.urls")),
    path("api/v1/", include("staging.urls")),
    path("api/v1/", include("config.accounts.urls")),
    path("api/v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("s/", include("staging.public.share_urls")),
    path(
        "api/v1/docs",
        # Its script is a file of its own, as the Content-Security-Policy wants.
        SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="api_docs.html"),
        name="docs",
    ),
]

handler400 = "config.http.errors.bad_request"
handler403 = "config.http.errors.forbidden"
handler404 = "config.http.errors.not_found"
handler500 = "config.http.errors.server_error"
