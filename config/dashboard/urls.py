"""Addresses of the first page's own, under the admin."""

from django.contrib import admin
from django.urls import path

from config.dashboard.asides import bring_back_view, put_aside_view

urlpatterns = [
    path("put-aside/", admin.site.admin_view(put_aside_view), name="put_aside"),
    path("bring-back/", admin.site.admin_view(bring_back_view), name="bring_back"),
]
