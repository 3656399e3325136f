"""The admin's pages of photos: the list, and a photo with its variants."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from unfold.decorators import display

from staging import finding
from staging.access import Right, seen_kinds
from staging.admin.cells import how_long_ago, thumbnails, two_lines
from staging.admin.deleting import DeletingAdmin
from staging.admin.filters import DayFilter, owner_filter, project_filter
from staging.admin.page_parts import OfProjects, page_context, user_of
from staging.admin.paging import BoundedListAdmin
from staging.admin.stage.page import redirect_to_stage
from staging.admin.variants import variants_context
from staging.deletion.deleting import delete_photo
from staging.models import Photo, StagedImage, StagingJob
from staging.templatetags.staging_pictures import sent_size


@admin.register(Photo)
class PhotoAdmin(OfProjects, DeletingAdmin, BoundedListAdmin):
    right_to_delete = Right.DELETE_PHOTO
    list_display = ("picture", "name", "project_and_owner", "sent", "variants", "uploaded_at")
    list_display_links = ("picture", "name")
    named_by = staticmethod(finding.photos_named)
    search_help_text = finding.HELP_OF_PHOTOS
    stays = "What its jobs cost stays counted."
    actions = ("delete_selected",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Photo]:
        rows: QuerySet[Photo] = super().get_queryset(request)
        return rows.select_related("project", "owner")

    def prepare_rows(self, rows: QuerySet[Photo]) -> list[Photo]:
        photos = list(rows)
        jobs = StagingJob.objects.filter(photo__in=photos).order_by()
        counts = dict(jobs.values_list("photo").annotate(Count("pk")))
        for photo in photos:
            photo.variant_count = counts.get(photo.pk, 0)  # type: ignore[attr-defined]  # shown
        return photos

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [*project_filter(request), owner_filter(request), DayFilter]

    @display(description="Photo")
    def picture(self, photo: Photo) -> SafeString:
        return thumbnails([(photo.thumbnail, str(photo))])

    @display(description="Name")
    def name(self, photo: Photo) -> str:
        return photo.original_name or "without a name"

    @display(description="Project, owner")
    def project_and_owner(self, photo: Photo) -> SafeString:
        return two_lines(photo.project.name, photo.owner.get_username())

    @display(description="As it came")
    def sent(self, photo: Photo) -> str:
        return sent_size(photo)

    @display(description="Variants")
    def variants(self, photo: Any) -> int | str:
        return int(photo.variant_count) if photo.sees["stagingjob"] else "–"

    @display(description="Uploaded")
    def uploaded_at(self, photo: Photo) -> SafeString:
        return how_long_ago(photo.created_at)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A photo has nothing that can be edited.
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the Stage page, which takes photos."""
        return redirect_to_stage(request)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a photo with its variants. Nothing is changed here."""
        photo: Photo | None = self.get_object(request, object_id)
        if photo is None or not self.has_view_permission(request, photo):
            raise Http404("There is no such photo.")
        if request.method != "GET":
            return redirect_to_stage(request, photo=str(photo.pk))
        sees = seen_kinds(user_of(request))
        context = {
            **page_context(self, request, title=str(photo)),
            "photo": photo,
            "can_stage": self.may_stage(request, photo),
            "can_delete": self.has_delete_permission(request, photo),
            **variants_context(photo, request.GET, viewer=user_of(request), sees=sees),
        }
        return TemplateResponse(request, "admin/staging/photo/change_form.html", context)

    def delete_one(self, row: Photo) -> None:
        delete_photo(row)

    def goes_with(self, rows: list[Photo]) -> dict[str, int]:
        jobs = StagingJob.objects.filter(photo__in=rows)
        pictures = StagedImage.objects.filter(prediction__job__photo__in=rows)
        return {"jobs": jobs.count(), "pictures, with their files": pictures.count()}
