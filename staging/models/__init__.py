"""The work: photos, jobs, the predictions bought for them, and the pictures that came back."""

from staging.models.aside import PutAside
from staging.models.batch import BatchPhoto, BatchPhotoStatus, StagingBatch
from staging.models.callback import (
    Callback,
    CallbackAttempt,
    CallbackSecretRenewal,
    CallbackStatus,
    callback_secrets,
)
from staging.models.discarded import DiscardedFile
from staging.models.disclosure import DisclosureRule
from staging.models.habit import Habit
from staging.models.heartbeat import Heartbeat
from staging.models.idempotency import IdempotencyKey
from staging.models.invitation import Invitation
from staging.models.job import JobKind, JobStatus, StagingJob
from staging.models.library import PromptRules, PromptTemplate, RoomType, Style
from staging.models.notice import Channel, DeliveryStatus, Notice, NoticeDelivery, NoticeKind
from staging.models.pace import AskingPace, CreationPace
from staging.models.pause import PurchasePause
from staging.models.photo import Photo
from staging.models.picture import StagedImage, Verdict
from staging.models.prediction import Prediction, PredictionStatus, Transition
from staging.models.project import Project, ProjectMember
from staging.models.role import Role
from staging.models.share import Share
from staging.models.spending import (
    NO_ESTIMATE,
    NO_FIGURES,
    OVER_LIMIT,
    WAITING,
    OverLimit,
    Period,
    PriceEstimate,
    SpendingLimit,
    WhenOver,
)
from staging.models.tally import Tallied, Tally
from staging.models.turn import Line, Turn
from staging.models.usage import AccountUsage, DailyTime, DailyUsage

__all__ = [
    "NO_ESTIMATE",
    "NO_FIGURES",
    "OVER_LIMIT",
    "WAITING",
    "AccountUsage",
    "AskingPace",
    "BatchPhoto",
    "BatchPhotoStatus",
    "Callback",
    "CallbackAttempt",
    "CallbackSecretRenewal",
    "CallbackStatus",
    "Channel",
    "CreationPace",
    "DailyTime",
    "DailyUsage",
    "DeliveryStatus",
    "DiscardedFile",
    "DisclosureRule",
    "Habit",
    "Heartbeat",
    "IdempotencyKey",
    "Invitation",
    "JobKind",
    "JobStatus",
    "Line",
    "Notice",
    "NoticeDelivery",
    "NoticeKind",
    "OverLimit",
    "Period",
    "Photo",
    "Prediction",
    "PredictionStatus",
    "PriceEstimate",
    "Project",
    "ProjectMember",
    "PromptRules",
    "PromptTemplate",
    "PurchasePause",
    "PutAside",
    "Role",
    "RoomType",
    "Share",
    "SpendingLimit",
    "StagedImage",
    "StagingBatch",
    "StagingJob",
    "Style",
    "Tallied",
    "Tally",
    "Transition",
    "Turn",
    "Verdict",
    "WhenOver",
    "callback_secrets",
]
