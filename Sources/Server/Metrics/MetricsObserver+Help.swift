extension MetricsObserver {
    /// What each metric says, by the name under which it is printed: the operator's catalogue.
    package static let help: [String: String] = [
        "countersign_postgres_up": "1 while the private cluster's server runs, as far as we know.",
        "countersign_postgres_deaths_total": "How often the private cluster's server ended without our doing.",
        "countersign_schema_version": "The last migration applied by this process.",
        "countersign_partitions_created_total": "Partitions of entries made ahead.",
        "countersign_entries_total": "Entries committed by this process.",
        "countersign_append_commits_total": "Group commits.",
        "countersign_append_requests_total": "Requests answered by a group commit, replayed ones included.",
        "countersign_append_replayed_requests_total": "Requests whose first answer was given again.",
        "countersign_append_group_entries": "New entries in one group commit.",
        "countersign_append_lock_wait_seconds": "Waiting for the ledger's lock, once for each group.",
        "countersign_append_build_seconds":
            "Duplicates, lines and hashes, once for each group; of a large group also the writing of its entries.",
        "countersign_append_commit_seconds": "Writing rows and the COMMIT, once for each group.",
        "countersign_append_failures_total": "Groups that were not committed, by code.",
        "countersign_append_unknown_outcomes_total": "Groups whose COMMIT was not answered.",
        "countersign_lost_commits_total": "Groups without an answer that were looked up, by what was found.",
        "countersign_guilty_requests_total": "Requests that made a group's transaction fail by their data.",
        "countersign_idempotency_mismatches_total":
            "Idempotency keys that came with other content, by whether another token had used them.",
        "countersign_clock_refusals_total": "Appends refused because the clocks disagree.",
        "countersign_master_secret_refusals_total": "Appends refused because the master secret is another one.",
        "countersign_ledger_halts_total": "How often a ledger was found halted; the log names it.",
        "countersign_checkpoint_seconds":
            "Reading new lines, signing, guarding and publishing, once for each checkpoint.",
        "countersign_signing_failures_total":
            "Checkpoints that could not be signed, by code; the log names the ledger.",
        "countersign_witness_requests_total":
            "Witnesses asked for a signature, by outcome; rollback_* and inconsistent are alarms.",
        "countersign_timestamp_requests_total":
            "Timestamps asked for, by code: stamped, or what went wrong.",
        "countersign_rollups_entries_total": "Entries taken into the rollups by this process.",
        "countersign_token_refusals_total": "Requests refused for their token, by reason.",
        "countersign_request_refusals_total": "Requests refused, by the pattern of their route and the problem's code.",
        "countersign_http_request_seconds": "Until a request was answered, by method, pattern of the route and status.",
        "countersign_identity_checks_total":
            "Scheduled checks of sender identities, by assessment and whether it changed.",
        "countersign_identity_check_failures_total": "Scheduled checks that came to no result, by reason.",
        "countersign_witness_answers_total": "Requests to this witness, by the status of the answer.",
        "countersign_witness_forks_total":
            "Checkpoints that contradict one cosigned by this witness; the log names who signed both.",
        "countersign_witness_failures_total": "Requests that this witness could not answer, by code.",
        "countersign_erased_entries_total": "Entries whose sealed values were erased by this process, by event.",
        "countersign_erasure_refusals_total": "Erasures that a legal hold stood in the way of.",
        "countersign_erasure_journal_failures_total": "Erasures that could not be written into the journal.",
        "countersign_retention_failures_total": "Rounds in which what is too old could not be erased.",
        "countersign_verifications_total": "Verifications finished, by verdict.",
        "countersign_verification_seconds": "How long a verification took.",
        "countersign_verified_entries": "Entries that the last verification looked at.",
        "countersign_broken_entries": "Entries that the last verification found broken.",
    ]
}
