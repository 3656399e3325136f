"""The public addresses of shares, under /s/."""

from django.urls import path

from staging.public import share_pages

urlpatterns = [
    path("<str:key>/<str:token>", share_pages.show, name="share"),
    path("<str:key>/<str:token>/before", share_pages.before, name="share-before"),
    path("<str:key>/<str:token>/after", share_pages.after, name="share-after"),
    path("<str:key>/<str:token>/qr.svg", share_pages.qr_code, name="share-qr"),
    path("<path:rest>", share_pages.missing),
]
