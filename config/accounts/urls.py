from django.urls import path

from config.accounts import api

urlpatterns = [
    path("tokens", api.TokenListView.as_view(), name="tokens"),
    path("tokens/<uuid:token_id>", api.TokenView.as_view(), name="token"),
]
