"""The work: photos, jobs, the predictions bought for them, and the pictures that came back."""

from staging.models.job import JobStatus, StagingJob
from staging.models.pace import CreationPace
from staging.models.photo import Photo
from staging.models.picture import StagedImage
from staging.models.prediction import Prediction, PredictionStatus, Transition
from staging.models.project import Project

__all__ = [
    "CreationPace",
    "JobStatus",
    "Photo",
    "Prediction",
    "PredictionStatus",
    "Project",
    "StagedImage",
    "StagingJob",
    "Transition",
]
