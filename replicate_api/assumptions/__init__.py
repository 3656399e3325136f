"""The assumptions that the code makes about Replicate, each as a check that can be tried.

The client is built on documents, not on an account. `try_all` tries every assumption in order and
buys two predictions at most: an ordinary one, and one with the shortest deadline. A create that
Replicate should refuse has that deadline too; where it is accepted, it is the second purchase.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from replicate_api.assumptions.basics import (
    published_model_is_ours,
    token_is_accepted,
    unknown_prediction_is_not_found,
    upload_has_address_and_expiry,
    webhook_secret_is_readable,
)
from replicate_api.assumptions.buying import (
    cancel_ends_what_runs,
    cancel_of_finished_is_harmless,
    create_answers_at_once,
    deadline_ends_it,
    deadline_is_shown,
    files_address_is_accepted,
    output_is_downloadable,
    prediction_shows_input,
)
from replicate_api.assumptions.deliveries import (
    only_events_asked_for_arrive,
    webhook_arrives,
    webhook_filter_is_echoed,
    webhook_is_echoed,
    webhook_signature_verifies,
)
from replicate_api.assumptions.expiry import file_is_kept, output_is_kept, record_is_kept
from replicate_api.assumptions.listing import (
    list_begins_with_newest,
    list_filters_hold,
    list_leads_on,
    list_shows_input,
)
from replicate_api.assumptions.outcomes import Outcome
from replicate_api.assumptions.refusals import (
    limit_is_told,
    null_is_refused,
    unknown_input_is_refused_or_ignored,
    wrong_choice_is_refused,
)
from replicate_api.assumptions.trial import Trial


def try_all(trial: Trial) -> Iterator[Outcome]:
    """Yield the outcome of each assumption; stop after the first where the token is refused.

    A caller that stops early calls `trial.purchases.cancel_running`, since predictions may run on.
    """
    outcome = token_is_accepted(trial)
    yield outcome
    if outcome.result != "held":
        return
    for slug in trial.models:
        yield published_model_is_ours(trial, slug)
    for check in CHECKS:
        yield check(trial)


CHECKS: tuple[Callable[[Trial], Outcome], ...] = (
    webhook_secret_is_readable,
    unknown_prediction_is_not_found,
    upload_has_address_and_expiry,
    create_answers_at_once,
    files_address_is_accepted,
    prediction_shows_input,
    list_shows_input,
    webhook_is_echoed,
    webhook_filter_is_echoed,
    webhook_arrives,
    webhook_signature_verifies,
    output_is_downloadable,
    cancel_of_finished_is_harmless,
    null_is_refused,
    wrong_choice_is_refused,
    unknown_input_is_refused_or_ignored,
    deadline_is_shown,
    deadline_ends_it,
    list_filters_hold,
    list_begins_with_newest,
    list_leads_on,
    only_events_asked_for_arrive,
    cancel_ends_what_runs,
    # The flood of creates follows every purchase, which its 429 would hold up. The checks that wait
    # an hour are last.
    limit_is_told,
    file_is_kept,
    output_is_kept,
    record_is_kept,
)
