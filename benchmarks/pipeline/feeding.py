"""Records jobs and sends a wake-up for each: python -m benchmarks.pipeline.feeding ours 1000

A process of its own, with the environment of the set-up that it feeds. It stores one photo of a
megapixel, from which the sandbox makes JPEGs that are delivered as they come.
"""

import sys

from django.contrib.auth.models import User

from benchmarks.pipeline.blocking import stage
from benchmarks.uploads import make_photos
from staging.jobs.planning import plan_job
from staging.jobs.recording import record_job
from staging.jobs.request import StagingRequest
from staging.models import Project
from staging.photos import Upload, add_photo
from staging.worker.wake import Step, wake


def feed(kind: str, jobs: int) -> None:
    """Record jobs as fast as possible, and wake a worker for each."""
    owner = User.objects.create_user("bench")
    project = Project.objects.unsorted_of(owner)
    (name, content), *_ = make_photos("jpg", megapixels=1, count=1)
    photo = add_photo(Upload(content, name=name), owner=owner, project=project)
    wanted = StagingRequest(overrides={"output_format": "jpg"})
    plan = plan_job(wanted, project=project, by=owner)
    for _ in range(jobs):
        job = record_job(plan, photo, owner=owner)
        if kind == "ours":
            wake(Step.SUBMIT)
        else:
            stage.delay(str(job.predictions.get().pk))


if __name__ == "__main__":
    feed(sys.argv[1], int(sys.argv[2]))
