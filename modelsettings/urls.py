from django.urls import path, register_converter

from modelsettings.api import config, history, models, profiles, search


class SlugConverter:
    """`owner/name`; the server has already decoded `owner%2Fname`."""

    regex = r"[\w.-]+/[\w.-]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(SlugConverter, "model")

_MODEL = "admin/models/<model:slug>"

urlpatterns = [
    path("admin/models", models.ModelListView.as_view(), name="models"),
    path("admin/models/active", models.ActiveModelView.as_view(), name="active-model"),
    path("admin/settings", search.SearchView.as_view(), name="search-settings"),
    path(f"{_MODEL}/config", config.ConfigView.as_view(), name="config"),
    path(f"{_MODEL}/config/schema", config.ConfigSchemaView.as_view(), name="config-schema"),
    path(f"{_MODEL}/config/overridable", config.OverridableView.as_view(), name="overridable"),
    path(f"{_MODEL}/config/history", history.HistoryView.as_view(), name="config-history"),
    path(f"{_MODEL}/config/compare", history.CompareView.as_view(), name="config-compare"),
    path(f"{_MODEL}/config/rollback", history.RollbackView.as_view(), name="config-rollback"),
    path(f"{_MODEL}/config/reset", history.ResetView.as_view(), name="config-reset"),
    path(f"{_MODEL}/profiles", profiles.ProfileListView.as_view(), name="profiles"),
    path(f"{_MODEL}/profiles/<str:name>", profiles.ProfileView.as_view(), name="profile"),
]
