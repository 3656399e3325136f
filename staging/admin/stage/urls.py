"""Addresses of the Stage page, behind the admin's login."""

from django.contrib import admin
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from staging.admin.pickers.photos import photos_view
from staging.admin.stage.done import done_view, put_away_view
from staging.admin.stage.page import forecast_view, stage_view

urlpatterns = [
    path("", admin.site.admin_view(stage_view), name="stage"),
    path("forecast/", admin.site.admin_view(require_POST(forecast_view)), name="stage_forecast"),
    path("done/", admin.site.admin_view(require_safe(done_view)), name="stage_done"),
    path(
        "done/<uuid:notice_id>/",
        admin.site.admin_view(require_POST(put_away_view)),
        name="stage_put_away",
    ),
    path("photos/", admin.site.admin_view(require_safe(photos_view)), name="stage_photos"),
]
