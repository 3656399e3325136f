from django.urls import path, register_converter

from modelsettings import api


class SlugConverter:
    """`owner/name`; the server has already decoded `owner%2Fname`."""

    regex = r"[\w.-]+/[\w.-]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(SlugConverter, "model")

urlpatterns = [
    path("admin/models", api.ModelListView.as_view(), name="models"),
    path("admin/models/active", api.ActiveModelView.as_view(), name="active-model"),
    path("admin/models/<model:slug>/config", api.ConfigView.as_view(), name="config"),
    path(
        "admin/models/<model:slug>/config/schema",
        api.ConfigSchemaView.as_view(),
        name="config-schema",
    ),
]
