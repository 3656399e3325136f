"""The permissions to see and to change models and their settings."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class MayTune(BasePermission):
    """Reading asks for `view_modelsettings`, writing for `change_modelsettings`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        action = "view" if request.method in ("GET", "HEAD", "OPTIONS") else "change"
        return request.user.has_perm(f"modelsettings.{action}_modelsettings")


class MayChooseModels(BasePermission):
    """Reading asks for `view_replicatemodel`, writing for `change_replicatemodel`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        action = "view" if request.method in ("GET", "HEAD", "OPTIONS") else "change"
        return request.user.has_perm(f"modelsettings.{action}_replicatemodel")
