"""The tests of `bin/test quick`: pure modules whole; of each door a good path and a refusal.

A door is a view of the API, a public page, or the pages of one kind of row in the admin. Cells of
the permission table, the API's contract, browser, chaos and worker processes are left to bin/test.
"""

from typing import NamedTuple


class Door(NamedTuple):
    """The tests that go through one door."""

    good: str
    refusal: str


WHOLE = (
    "tests/config/test_checks.py",
    "tests/config/test_env.py",
    "tests/config/monitoring/test_liveness.py",
    "tests/config/test_logs.py",
    "tests/config/http/test_parsers.py",
    "tests/config/http/test_request_ids.py",
    "tests/modelsettings/schema",
    "tests/modelsettings/catalog",
    "tests/modelsettings/test_pricing.py",
    "tests/replicate_api",
    "tests/staging/batches/test_archives.py",
    "tests/staging/images/test_code_points.py",
    "tests/staging/images/test_colour_claims.py",
    "tests/staging/images/test_colours.py",
    "tests/staging/images/test_icc_profiles.py",
    "tests/staging/images/test_labels.py",
    "tests/staging/images/test_photos.py",
    "tests/staging/images/test_pictures.py",
    "tests/staging/images/test_refusals.py",
    "tests/staging/test_links.py",
    "tests/staging/test_prompts.py",
    "tests/staging/outbound/test_public_addresses.py",
    "tests/staging/jobs/test_request.py",
    "tests/staging/worker/test_wake.py",
    "tests/test_docs.py",
    "tests/test_quick.py",
    "tests/test_templates.py",
    "tests/test_upgrade.py",
)

_CONFIG = "tests/config"
_SETTINGS = "tests/modelsettings"
_STAGING = "tests/staging"

DOORS = {
    # The settings API.
    "modelsettings.api.config.ConfigSchemaView": Door(
        f"{_SETTINGS}/api/test_config.py::test_get_schema_answers_the_settings_schema",
        f"{_SETTINGS}/api/test_config.py::test_get_of_what_is_not_there",
    ),
    "modelsettings.api.config.ConfigView": Door(
        f"{_SETTINGS}/api/test_config.py::test_put_config_replaces_the_document",
        f"{_SETTINGS}/api/test_protocol.py::test_change_refuses_a_value",
    ),
    "modelsettings.api.config.OverridableView": Door(
        f"{_SETTINGS}/api/test_config.py::test_put_overridable_lists_what_clients_may_change",
        f"{_SETTINGS}/api/test_config.py::test_put_overridable_heeds_the_tag",
    ),
    "modelsettings.api.history.CompareView": Door(
        f"{_SETTINGS}/api/test_history.py::test_compare_answers_null_for_unset",
        f"{_SETTINGS}/api/test_every_address.py::test_what_is_wrong_is_answered_in_words",
    ),
    "modelsettings.api.history.HistoryView": Door(
        f"{_SETTINGS}/api/test_history.py::test_history_answers_each_change",
        f"{_SETTINGS}/api/test_every_address.py::test_what_is_wrong_is_answered_in_words",
    ),
    "modelsettings.api.history.ResetView": Door(
        f"{_SETTINGS}/api/test_history.py::test_rollback_and_reset_answer_the_new_document",
        f"{_SETTINGS}/api/test_every_address.py::test_what_is_wrong_is_answered_in_words",
    ),
    "modelsettings.api.history.RollbackView": Door(
        f"{_SETTINGS}/api/test_history.py::test_rollback_and_reset_answer_the_new_document",
        f"{_SETTINGS}/api/test_every_address.py::test_what_is_wrong_is_answered_in_words",
    ),
    "modelsettings.api.models.ActiveModelView": Door(
        f"{_SETTINGS}/api/test_models.py::test_put_active_chooses_another",
        f"{_SETTINGS}/api/test_models.py::test_put_active_refuses",
    ),
    "modelsettings.api.models.ModelListView": Door(
        f"{_SETTINGS}/api/test_models.py::test_get_models_lists_each_with_its_obstacle",
        f"{_SETTINGS}/api/test_permissions.py::test_nobody_is_answered_401",
    ),
    "modelsettings.api.profiles.ProfileListView": Door(
        f"{_SETTINGS}/api/test_profiles.py::test_profiles_are_listed_and_made",
        f"{_SETTINGS}/api/test_every_address.py::test_what_is_wrong_is_answered_in_words",
    ),
    "modelsettings.api.profiles.ProfileView": Door(
        f"{_SETTINGS}/api/test_profiles.py::test_patch_profile",
        f"{_SETTINGS}/api/test_profiles.py::test_patch_profile_does_all_or_nothing",
    ),
    "modelsettings.api.search.SearchView": Door(
        f"{_SETTINGS}/api/test_search.py::test_search_answers_each_hit",
        f"{_SETTINGS}/api/test_every_address.py::test_what_is_wrong_is_answered_in_words",
    ),
    # The staging API.
    "staging.api.batches.BatchListView": Door(
        f"{_STAGING}/batches/test_requesting.py::test_post_answers_the_whole_batch",
        f"{_STAGING}/batches/test_requesting.py::test_post_of_a_bad_form_stores_nothing",
    ),
    "staging.api.batches.BatchView": Door(
        f"{_STAGING}/batches/test_requesting.py::test_an_unchanged_batch_is_a_304",
        f"{_STAGING}/batches/test_requesting.py::test_a_stranger_sees_no_batch",
    ),
    "staging.api.changes.ChangesView": Door(
        f"{_STAGING}/api/test_changes.py::test_changes_are_answered_whole",
        f"{_STAGING}/api/test_changes.py::test_query_that_is_wrong",
    ),
    "staging.api.callbacks.CallbackSecretView": Door(
        f"{_STAGING}/test_callbacks.py::test_secret_is_the_callers_own",
        f"{_STAGING}/test_callbacks.py::test_secret_of_nobody_is_401",
    ),
    "staging.api.callbacks.CallbackSecretRenewView": Door(
        f"{_STAGING}/test_callbacks.py::test_renewed_twice_within_a_day_all_sign",
        f"{_STAGING}/test_callbacks.py::test_renewal_by_nobody_is_401",
    ),
    "staging.api.downloads.JobPicturesView": Door(
        f"{_STAGING}/test_downloads.py::test_job_pictures_are_its_own",
        f"{_STAGING}/test_downloads.py::test_pictures_of_another_project_are_not_to_be_had_by_id",
    ),
    "staging.api.downloads.ProjectPicturesView": Door(
        f"{_STAGING}/test_downloads.py::"
        "test_project_pictures_are_the_stored_ones_under_sensible_names",
        f"{_STAGING}/test_downloads.py::test_download_that_gives_no_zip",
    ),
    "staging.api.invitations.AcceptView": Door(
        f"{_STAGING}/test_invitations.py::test_invitation_waits_until_it_is_accepted",
        f"{_STAGING}/test_invitations.py::test_invitation_is_nobody_elses",
    ),
    "staging.api.invitations.DeclineView": Door(
        f"{_STAGING}/test_invitations.py::test_declining_is_not_seen_by_the_owner",
        f"{_STAGING}/test_invitations.py::test_invitation_is_nobody_elses",
    ),
    "staging.api.invitations.InvitationListView": Door(
        f"{_STAGING}/test_invitations.py::test_invitation_waits_until_it_is_accepted",
        f"{_STAGING}/test_invitations.py::test_expired_invitation_is_nobodys",
    ),
    "staging.api.job_actions.CancelView": Door(
        f"{_STAGING}/admin/test_job_actions.py::test_api_cancel",
        f"{_STAGING}/admin/test_job_actions.py::test_api_cancel",
    ),
    "staging.api.job_actions.RatingView": Door(
        f"{_STAGING}/jobs/test_judging.py::test_api_rating",
        f"{_STAGING}/jobs/test_judging.py::test_api_rating_that_says_nothing_right",
    ),
    "staging.api.job_actions.RepeatView": Door(
        f"{_STAGING}/jobs/test_repeating.py::test_api_repeat",
        f"{_STAGING}/jobs/test_repeating.py::test_api_repeat_with_a_bad_seed",
    ),
    "staging.api.job_actions.RetryView": Door(
        f"{_STAGING}/jobs/test_repeating.py::test_api_retry",
        f"{_STAGING}/api/test_purchase_error_bodies.py::test_an_error_is_answered_as_ever",
    ),
    "staging.api.jobs.JobListView": Door(
        f"{_STAGING}/api/test_jobs.py::test_post_answers_the_whole_job",
        f"{_STAGING}/api/test_refusals.py::test_post_of_a_bad_form_stores_nothing",
    ),
    "staging.api.jobs.JobView": Door(
        f"{_STAGING}/api/test_jobs.py::test_get_of_a_finished_job",
        f"{_STAGING}/admin/test_job_actions.py::test_api_delete",
    ),
    "staging.api.library.PromptView": Door(
        f"{_STAGING}/library/test_changing.py::test_get_prompt_shows_what_a_job_would_have",
        f"{_STAGING}/library/test_changing.py::test_get_prompt_that_cannot_be_made",
    ),
    "staging.api.library.RoomTypeListView": Door(
        f"{_STAGING}/library/test_changing.py::test_get_rooms_and_styles",
        f"{_STAGING}/library/test_changing.py::test_library_is_for_those_with_an_account",
    ),
    "staging.api.library.StyleListView": Door(
        f"{_STAGING}/library/test_changing.py::test_get_rooms_and_styles",
        f"{_STAGING}/library/test_changing.py::test_library_is_for_those_with_an_account",
    ),
    "staging.api.photos.PhotoListView": Door(
        f"{_STAGING}/api/test_photos.py::test_post_answers_the_photo_and_what_came",
        f"{_STAGING}/api/test_photos.py::test_post_that_is_wrong_stores_nothing",
    ),
    "staging.api.photos.PhotoView": Door(
        f"{_STAGING}/api/test_photos.py::test_get_of_a_photo_shows_its_variants_side_by_side",
        f"{_STAGING}/api/test_photos.py::test_delete_waits_for_unfinished_jobs",
    ),
    "staging.api.projects.MemberListView": Door(
        f"{_STAGING}/api/test_projects.py::test_members_are_seen_by_those_who_see_the_project",
        f"{_STAGING}/api/test_projects.py::test_members_are_seen_by_those_who_see_the_project",
    ),
    "staging.api.projects.MemberView": Door(
        f"{_STAGING}/api/test_projects.py::test_put_member_lets_somebody_see_and_then_edit",
        f"{_STAGING}/api/test_projects.py::test_put_member_that_is_wrong",
    ),
    "staging.api.projects.ProjectInvitationListView": Door(
        f"{_STAGING}/test_invitations.py::test_owner_is_told_the_same_of_every_name",
        f"{_STAGING}/test_invitations.py::test_pending_invitations_are_the_owners_to_see",
    ),
    "staging.api.projects.ProjectListView": Door(
        f"{_STAGING}/test_projects.py::test_post_project_and_stage_in_it",
        f"{_STAGING}/test_projects.py::test_post_project_that_is_wrong",
    ),
    "staging.api.projects.ProjectView": Door(
        f"{_STAGING}/test_projects.py::test_patch_project",
        f"{_STAGING}/test_projects.py::test_patch_project_that_is_wrong_changes_nothing",
    ),
    "staging.api.shares.JobSharesView": Door(
        f"{_STAGING}/test_shares.py::test_post_makes_a_page",
        f"{_STAGING}/test_shares.py::test_post_of_a_bad_image_shares_nothing",
    ),
    "staging.api.shares.ShareView": Door(
        f"{_STAGING}/test_shares.py::test_delete_revokes",
        f"{_STAGING}/test_shares.py::test_api_for_strangers_and_members",
    ),
    "staging.api.disclosure.DisclosureRuleListView": Door(
        f"{_STAGING}/test_disclosure.py::test_the_api_sets_lists_and_ends_rules",
        f"{_STAGING}/test_disclosure.py::test_the_api_refuses_a_wrong_rule",
    ),
    "staging.api.disclosure.DisclosureRuleView": Door(
        f"{_STAGING}/test_disclosure.py::test_the_api_sets_lists_and_ends_rules",
        f"{_STAGING}/test_disclosure.py::test_the_api_ends_no_rule_that_there_is_not",
    ),
    "staging.api.offers.OffersView": Door(
        f"{_STAGING}/test_offers.py::test_a_profile_tells_what_may_be_changed_and_what_it_costs",
        f"{_STAGING}/test_offers.py::test_a_misspelt_parameter_is_refused",
    ),
    "staging.api.limits.LimitsView": Door(
        f"{_STAGING}/api/test_limits.py::test_limits_of_ones_own_have_dollars",
        f"{_STAGING}/api/test_limits.py::test_limits_are_for_those_with_an_account",
    ),
    "staging.api.usage.UsageView": Door(
        f"{_STAGING}/test_usage.py::test_get_usage_by_day_adds_up",
        f"{_STAGING}/test_usage.py::test_get_usage_that_is_asked_wrong",
    ),
    # One's own account.
    "config.accounts.api.TokenListView": Door(
        f"{_CONFIG}/accounts/test_tokens.py::test_post_makes_a_token_that_works",
        f"{_CONFIG}/accounts/test_tokens.py::test_post_by_a_token_is_refused",
    ),
    "config.accounts.api.TokenView": Door(
        f"{_CONFIG}/accounts/test_tokens.py::test_delete_revokes_ones_own",
        f"{_CONFIG}/accounts/test_tokens.py::test_delete_of_anothers_is_404",
    ),
    # What is open to anybody, and Replicate's webhooks.
    "staging.public.share_pages.after": Door(
        f"{_STAGING}/test_shares.py::test_pictures_are_those_that_are_stored",
        f"{_STAGING}/test_shares.py::test_wrong_revoked_and_unknown_are_one_page",
    ),
    "staging.public.share_pages.before": Door(
        f"{_STAGING}/test_shares.py::test_pictures_are_those_that_are_stored",
        f"{_STAGING}/test_shares.py::test_wrong_revoked_and_unknown_are_one_page",
    ),
    "staging.public.share_pages.missing": Door(
        f"{_STAGING}/test_shares.py::test_wrong_revoked_and_unknown_are_one_page",
        f"{_STAGING}/test_shares.py::test_wrong_revoked_and_unknown_are_one_page",
    ),
    "staging.public.share_pages.qr_code": Door(
        f"{_STAGING}/test_shares.py::test_qr_code_leads_to_the_page",
        f"{_STAGING}/test_shares.py::test_wrong_revoked_and_unknown_are_one_page",
    ),
    "staging.public.share_pages.show": Door(
        f"{_STAGING}/test_shares.py::test_page_shows_both_pictures_to_anybody",
        f"{_STAGING}/test_shares.py::test_wrong_revoked_and_unknown_are_one_page",
    ),
    "staging.public.files.media": Door(
        f"{_STAGING}/test_links.py::test_media_serves_a_signed_address",
        f"{_STAGING}/test_links.py::test_media_refuses_a_changed_signature",
    ),
    "staging.public.webhooks.replicate_webhook": Door(
        f"{_STAGING}/public/test_webhooks.py::test_webhook_is_accepted",
        f"{_STAGING}/public/test_webhooks.py::test_webhook_that_is_not_replicates_is_refused",
    ),
    # The admin.
    "config.accounts.session_page.session": Door(
        f"{_CONFIG}/accounts/test_session_page.py::test_session_is_a_page_for_a_person",
        f"{_CONFIG}/accounts/test_session_page.py::test_session_of_no_account_leads_to_the_login",
    ),
    "config.admin.AccountAdmin": Door(
        f"{_CONFIG}/test_admin.py::test_an_account_is_made",
        f"{_CONFIG}/test_admin.py::test_an_account_with_a_weak_password_is_refused",
    ),
    "config.admin.RoleAdmin": Door(
        f"{_CONFIG}/test_admin.py::test_a_role_is_made",
        f"{_CONFIG}/test_admin.py::test_a_role_of_a_name_that_is_taken_is_refused",
    ),
    "config.accounts.admin.TokenAdmin": Door(
        f"{_CONFIG}/accounts/test_tokens.py::test_my_tokens_shows_a_new_token_once",
        f"{_CONFIG}/accounts/test_tokens.py::test_my_tokens_makes_none_without_a_name",
    ),
    "config.dashboard.asides.put_aside_view": Door(
        f"{_CONFIG}/dashboard/test_asides.py::test_what_is_put_aside_is_shown_with_its_name",
        f"{_CONFIG}/dashboard/test_asides.py::test_who_sees_some_projects_puts_nothing_aside",
    ),
    "config.dashboard.asides.bring_back_view": Door(
        f"{_CONFIG}/dashboard/test_asides.py::test_it_is_brought_back",
        f"{_CONFIG}/dashboard/test_asides.py::test_it_is_not_brought_back_by_others",
    ),
    "config.dashboard.search.search_view": Door(
        f"{_CONFIG}/dashboard/test_search.py::test_everything_is_found_by_its_name",
        f"{_CONFIG}/dashboard/test_search.py::test_what_an_account_may_not_see_is_not_found",
    ),
    "modelsettings.admin.profiles.ModelSettingsAdmin": Door(
        f"{_SETTINGS}/admin/test_profiles.py::test_save_writes_a_revision_with_its_reason",
        f"{_SETTINGS}/admin/test_profiles.py::test_save_shows_an_error_under_its_field",
    ),
    "staging.admin.batches.StagingBatchAdmin": Door(
        f"{_STAGING}/admin/test_batches.py::test_a_long_batch_is_shown_in_pages",
        f"{_STAGING}/admin/test_batches.py::test_page_of_no_batch",
    ),
    "staging.admin.callbacks.CallbackAdmin": Door(
        f"{_STAGING}/test_callbacks.py::test_admin_sends_again",
        f"{_STAGING}/test_callbacks.py::test_admin_changes_nothing",
    ),
    "staging.admin.invitations.InvitationAdmin": Door(
        f"{_STAGING}/test_invitations.py::test_page_of_answers_accepts",
        f"{_STAGING}/test_invitations.py::test_page_of_answers_shows_no_others",
    ),
    "staging.admin.jobs.StagingJobAdmin": Door(
        f"{_STAGING}/admin/test_jobs.py::test_act_cancels_then_retries",
        f"{_STAGING}/admin/test_jobs.py::test_act_says_why_not",
    ),
    "staging.admin.judging.JudgingAdmin": Door(
        f"{_STAGING}/admin/test_judging.py::test_judge_saves_what_the_form_says",
        f"{_STAGING}/admin/test_judging.py::test_judge_refuses_what_is_no_verdict",
    ),
    "staging.admin.library.entries.PromptRulesAdmin": Door(
        f"{_STAGING}/library/test_changing.py::test_pages_of_an_entry",
        f"{_STAGING}/library/test_changing.py::test_nothing_can_be_deleted",
    ),
    "staging.admin.library.entries.PromptTemplateAdmin": Door(
        f"{_STAGING}/library/test_changing.py::test_pair_is_given_words_of_its_own",
        f"{_STAGING}/library/test_changing.py::test_pair_that_there_is_not",
    ),
    "staging.admin.library.entries.RoomTypeAdmin": Door(
        f"{_STAGING}/library/test_changing.py::test_pages_of_an_entry",
        f"{_STAGING}/library/test_changing.py::test_post_of_a_stale_page_is_refused_and_keeps_the_words",
    ),
    "staging.admin.library.entries.StyleAdmin": Door(
        f"{_STAGING}/library/test_changing.py::test_post_adds_a_style_that_can_be_asked_for",
        f"{_STAGING}/library/test_changing.py::test_post_that_is_wrong_keeps_what_was_written",
    ),
    "staging.admin.models.ModelsAdmin": Door(
        f"{_SETTINGS}/admin/test_models.py::test_price_is_saved_as_rows",
        f"{_SETTINGS}/admin/test_models.py::test_default_is_not_disabled",
    ),
    "staging.admin.notices.NoticeAdmin": Door(
        f"{_STAGING}/admin/test_notices.py::test_test_notice_is_sent",
        f"{_STAGING}/notices/test_watching.py::test_test_notice_needs_a_channel",
    ),
    "staging.admin.photos.PhotoAdmin": Door(
        f"{_STAGING}/admin/test_photos.py::test_page_shows_variants_side_by_side",
        f"{_STAGING}/admin/test_photos.py::test_who_may_not_change_nothing",
    ),
    "staging.admin.projects.ProjectAdmin": Door(
        f"{_STAGING}/admin/test_projects.py::test_add_makes_a_project_for_somebody",
        f"{_STAGING}/admin/test_projects.py::test_members_that_cannot_be_are_refused",
    ),
    "staging.admin.shares.ShareAdmin": Door(
        f"{_STAGING}/test_shares.py::test_admin_shares_and_revokes",
        f"{_STAGING}/test_shares.py::test_admin_changes_nothing_by_a_link",
    ),
    "staging.admin.spending.estimates.PriceEstimateAdmin": Door(
        f"{_STAGING}/admin/test_spending.py::test_estimate_lets_go_on_what_waits_for_it",
        f"{_STAGING}/admin/test_spending.py::test_estimate_below_nothing_is_refused",
    ),
    "staging.admin.spending.limits.SpendingLimitAdmin": Door(
        f"{_STAGING}/admin/test_spending.py::test_add_counts_what_its_period_cost_so_far",
        f"{_STAGING}/admin/test_spending.py::test_second_limit_of_a_period_is_refused_in_words",
    ),
    "staging.admin.spending.pauses.PurchasePauseAdmin": Door(
        f"{_STAGING}/admin/test_spending.py::test_pause_all_and_resume",
        f"{_STAGING}/admin/test_spending.py::test_second_pause_is_refused_in_words",
    ),
    "staging.admin.disclosure.DisclosureRuleAdmin": Door(
        f"{_STAGING}/test_disclosure.py::test_the_page_sets_and_ends_a_rule",
        f"{_STAGING}/test_disclosure.py::test_the_page_refuses_a_label_at_its_field",
    ),
    "staging.admin.usage.DailyUsageAdmin": Door(
        f"{_STAGING}/admin/test_usage.py::test_page_adds_up_and_says_what_is_not_known",
        f"{_STAGING}/admin/test_usage.py::test_page_says_what_is_wrong_with_the_dates",
    ),
}


def tests() -> list[str]:
    """Return the selection, as pytest takes it: each test once."""
    found = dict.fromkeys(WHOLE)
    for door in DOORS.values():
        for test in door:
            if test.split("::")[0] not in WHOLE:
                found[test] = None
    return list(found)


def arguments() -> list[str]:
    """Return what `bin/test quick` gives pytest: two processes, the slower helped by the other."""
    return ["-n", "2", "--dist", "worksteal", *tests()]
