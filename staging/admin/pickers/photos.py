"""The picker of photos: new files, ZIPs, and photos that are there, each with a room of its own."""

import uuid
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from staging import access, finding
from staging.admin.page_parts import user_of
from staging.admin.paging import BoundedPaginator
from staging.batches.archives import ArchiveRefused, displayable
from staging.batches.sent import (
    MAX_PHOTOS,
    MAX_TOTAL_BYTES,
    Sending,
    SentPhoto,
    from_archive,
    from_photo,
    from_upload,
)
from staging.models import Photo, Project

NO_PHOTO = "Choose photos: files, a ZIP, or photos that are there already."
_GONE = "One of these photos is not there any more, or you may not stage it."
PHOTOS_A_PAGE = 24
# What a form says rooms of; a draft tells files, by name and size, from ZIPs, by their directories.
_KINDS = ("photo", "file", "archive")


class FilesWidget(forms.ClearableFileInput):
    """A file input that takes several files."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """All files of a FilesWidget, as a list."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        sent = data or []
        # An empty file is refused as a photo, later; the other photos of the batch are staged.
        if sum(file.size for file in sent) > MAX_TOTAL_BYTES:
            most = MAX_TOTAL_BYTES // 2**30
            raise forms.ValidationError(f"We take at most {most} GB at once: send fewer photos.")
        return list(sent)


class PhotosFields(forms.Form):
    """New files and photos that are there, with their rooms.

    Beside `images`, the script sends `file_room`, one for each file, and for each photo that is
    there `photo` and `photo_room`. A draft, which is counted and not sent, says its files' names
    and sizes instead, and sends of each ZIP the end alone, which holds its directory: so the names
    in it are read and counted by the same rules as the ZIP will be.
    """

    images = FilesField(
        label="New photos",
        required=False,
        widget=FilesWidget(
            attrs={
                "multiple": True,
                "accept": "image/*,.heic,.heif,.avif,.tif,.tiff,.zip",
                "class": "restage-files",
            }
        ),
        help_text=f"JPEG, PNG, WebP, HEIC, AVIF or TIFF of up to 100 MB each, or ZIPs of them:"
        f" up to {MAX_PHOTOS} photos and {MAX_TOTAL_BYTES // 2**30} GB at once. In a ZIP, a photo"
        " in a folder that names a room (“bedroom”, “01 Bedroom north”) is staged as that room, and"
        " what else lies there (.json, .mov, .xmp) is passed over.",
    )

    def __init__(self, *args: Any, pickable: QuerySet[Photo], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pickable = pickable
        self.stored: list[tuple[Photo, str]] = []
        # What each ZIP of a draft holds, in their order.
        self.archives: list[Sending] = []

    def take_stored(self, said: QueryDict) -> None:
        """Take the photos that are there from an address or a form, each with its room.

        Ids that are none, and photos that are not pickable, are left out and reported by `clean`.
        """
        keys = [key for key in (_id(text) for text in said.getlist("photo")) if key]
        found = self.pickable.select_related("project").in_bulk(keys)
        rooms = said.getlist("photo_room") + [""] * len(keys)
        self.stored = [
            (found[key], room) for key, room in zip(keys, rooms, strict=False) if key in found
        ]

    def clean(self) -> dict[str, Any]:
        """Require a photo, rooms that are known, and photos that are there of one project."""
        cleaned = super().clean() or {}
        if not self.is_bound:
            return cleaned
        said = cast("QueryDict", self.data)
        self.take_stored(said)
        if len(self.stored) < len(said.getlist("photo")):
            self.add_error("images", _GONE)
        known = {key for key, _ in self.rooms}  # type: ignore[attr-defined]  # of LookFields
        named = {room for kind in _KINDS for room in said.getlist(f"{kind}_room")}
        if named - known - {""}:
            self.add_error("images", "One of these rooms is not there any more: choose another.")
        return cleaned

    def sending(self, *, is_draft: bool) -> Sending:
        """Return all photos as they are sent to be staged. Raises ArchiveRefused."""
        said = cast("QueryDict", self.data)
        new = self._drafted(said) if is_draft else self._sent(said.getlist("file_room"))
        stored = [from_photo(photo, room_type=room) for photo, room in self.stored]
        return Sending.together([*new, Sending(photos=stored)])

    def _sent(self, rooms: list[str]) -> list[Sending]:
        files = self.cleaned_data.get("images") or []
        return [
            _sending_of(file, room=room)
            for file, room in zip(files, rooms + [""] * len(files), strict=False)
        ]

    def _drafted(self, said: QueryDict) -> list[Sending]:
        columns = [said.getlist(f"file_{column}") for column in ("name", "size", "room")]
        files = [
            SentPhoto(name=displayable(name), size=_size(size), room_type=room)
            for name, size, room in zip(*columns, strict=False)
        ]
        directories = self.files.getlist("directory") if self.files else []
        rooms = said.getlist("archive_room") + [""] * len(directories)
        self.archives = [
            _sending_of_archive(directory, room=room, is_directory_alone=True)
            for directory, room in zip(directories, rooms, strict=False)
        ]
        return [Sending(photos=files), *self.archives]


def pickable_photos(user: User) -> QuerySet[Photo]:
    """Return the photos that the admin shows an account, and that it may stage."""
    if not access.may_view(user, Photo):
        return Photo.objects.none()
    return Photo.objects.filter(project__in=access.projects_to_stage_in(user))


def photos_view(request: HttpRequest) -> HttpResponse:
    """Answer a page of the photos that may be picked, the newest first: a part of a page."""
    if not access.may_stage(user_of(request)):
        raise PermissionDenied
    photos = pickable_photos(user_of(request)).select_related("project")
    if project := _id(request.GET.get("project", "")):
        photos = photos.filter(project=project)
    words = finding.words_of(request.GET.get("q", ""), by=user_of(request))
    for word in words:
        photos = photos.filter(finding.photos_named(word))
    paginator = BoundedPaginator(photos.order_by("-created_at", "-pk"), PHOTOS_A_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    context = {"page": page, "words": words, "searched": finding.HELP_OF_PHOTOS}
    return render(request, "admin/staging/pickers/stored_photos.html", context)


def project_of(photos: list[tuple[Photo, str]]) -> Project | None:
    """Return the project of photos that are there, None where they are of several or of none."""
    projects = {photo.project for photo, _ in photos}
    return projects.pop() if len(projects) == 1 else None


def _sending_of(file: "UploadedFile[bytes]", *, room: str) -> Sending:
    if (file.name or "").lower().endswith(".zip"):
        return _sending_of_archive(file, room=room)
    return Sending(photos=[from_upload(file, room_type=room)])


def _sending_of_archive(
    file: "UploadedFile[bytes]", *, room: str, is_directory_alone: bool = False
) -> Sending:
    """Return what a ZIP holds. Raises ArchiveRefused, which says which of several ZIPs it is."""
    try:
        return from_archive(file, room_otherwise=room, is_directory_alone=is_directory_alone)
    except ArchiveRefused as error:
        raise ArchiveRefused(f"{displayable(file.name or '')}: {error}") from error


def _size(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 12 else 0


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
