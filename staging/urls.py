from django.urls import path

from staging.api import (
    batches,
    callbacks,
    changes,
    disclosure,
    downloads,
    invitations,
    job_actions,
    jobs,
    library,
    limits,
    offers,
    photos,
    projects,
    shares,
    usage,
)
from staging.public.files import media
from staging.public.webhooks import replicate_webhook

urlpatterns = [
    path("staging/batches", batches.BatchListView.as_view(), name="batches"),
    path("staging/batches/<uuid:batch_id>", batches.BatchView.as_view(), name="batch"),
    path("staging/jobs", jobs.JobListView.as_view(), name="jobs"),
    path("staging/jobs/<uuid:job_id>", jobs.JobView.as_view(), name="job"),
    path("staging/jobs/<uuid:job_id>/cancel", job_actions.CancelView.as_view(), name="job-cancel"),
    path("staging/jobs/<uuid:job_id>/retry", job_actions.RetryView.as_view(), name="job-retry"),
    path("staging/jobs/<uuid:job_id>/repeat", job_actions.RepeatView.as_view(), name="job-repeat"),
    path("staging/jobs/<uuid:job_id>/rating", job_actions.RatingView.as_view(), name="job-rating"),
    path("staging/jobs/<uuid:job_id>/shares", shares.JobSharesView.as_view(), name="job-shares"),
    path("staging/shares/<uuid:share_id>", shares.ShareView.as_view(), name="share-api"),
    path("staging/callback-secret", callbacks.CallbackSecretView.as_view(), name="callback-secret"),
    path(
        "staging/callback-secret/renew",
        callbacks.CallbackSecretRenewView.as_view(),
        name="callback-secret-renew",
    ),
    path("admin/changes", changes.ChangesView.as_view(), name="changes-api"),
    path(
        "admin/disclosure-rules",
        disclosure.DisclosureRuleListView.as_view(),
        name="disclosure-rules",
    ),
    path(
        "admin/disclosure-rules/<int:rule_id>",
        disclosure.DisclosureRuleView.as_view(),
        name="disclosure-rule",
    ),
    path("staging/models", offers.OffersView.as_view(), name="offers"),
    path("staging/photos", photos.PhotoListView.as_view(), name="photos"),
    path("staging/photos/<uuid:photo_id>", photos.PhotoView.as_view(), name="photo"),
    path("staging/projects", projects.ProjectListView.as_view(), name="projects"),
    path("staging/limits", limits.LimitsView.as_view(), name="limits"),
    path("staging/usage", usage.UsageView.as_view(), name="usage"),
    path(
        "staging/projects/<uuid:project_id>/pictures.zip",
        downloads.ProjectPicturesView.as_view(),
        name="project-pictures",
    ),
    path(
        "staging/jobs/<uuid:job_id>/pictures.zip",
        downloads.JobPicturesView.as_view(),
        name="job-pictures",
    ),
    path("staging/projects/<uuid:project_id>", projects.ProjectView.as_view(), name="project"),
    path(
        "staging/projects/<uuid:project_id>/members",
        projects.MemberListView.as_view(),
        name="members",
    ),
    path(
        "staging/projects/<uuid:project_id>/members/<str:username>",
        projects.MemberView.as_view(),
        name="member",
    ),
    path(
        "staging/projects/<uuid:project_id>/invitations",
        projects.ProjectInvitationListView.as_view(),
        name="project-invitations",
    ),
    path("staging/invitations", invitations.InvitationListView.as_view(), name="invitations"),
    path(
        "staging/invitations/<uuid:invitation_id>/accept",
        invitations.AcceptView.as_view(),
        name="invitation-accept",
    ),
    path(
        "staging/invitations/<uuid:invitation_id>/decline",
        invitations.DeclineView.as_view(),
        name="invitation-decline",
    ),
    path("staging/prompt", library.PromptView.as_view(), name="prompt"),
    path("staging/room-types", library.RoomTypeListView.as_view(), name="room-types"),
    path("staging/styles", library.StyleListView.as_view(), name="styles"),
    path("media/<path:name>", media, name="media"),
    path(
        "webhooks/replicate/<uuid:prediction_id>/<str:token>",
        replicate_webhook,
        name="replicate-webhook",
    ),
]
