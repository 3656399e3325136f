from django.urls import path

from staging import api, views

urlpatterns = [
    path("staging/jobs", api.JobListView.as_view(), name="jobs"),
    path("staging/jobs/<uuid:job_id>", api.JobView.as_view(), name="job"),
    path("media/<path:name>", views.media, name="media"),
    path(
        "webhooks/replicate/<uuid:prediction_id>/<str:token>",
        views.replicate_webhook,
        name="replicate-webhook",
    ),
]
