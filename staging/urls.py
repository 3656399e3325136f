from django.urls import path

from staging import views
from staging.api import jobs, projects

urlpatterns = [
    path("staging/jobs", jobs.JobListView.as_view(), name="jobs"),
    path("staging/jobs/<uuid:job_id>", jobs.JobView.as_view(), name="job"),
    path("staging/projects", projects.ProjectListView.as_view(), name="projects"),
    path("media/<path:name>", views.media, name="media"),
    path(
        "webhooks/replicate/<uuid:prediction_id>/<str:token>",
        views.replicate_webhook,
        name="replicate-webhook",
    ),
]
