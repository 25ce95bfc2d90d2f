-- Who may do what with the tables. Not a change of the schema: `migrate` runs it after the changes,
-- every time and as a whole, so what stands here is all that holds. A role that does not exist is left
-- out; deploy/postgres/roles.sql makes them.
--
-- A new table belongs into this file before anybody but its owner can use it.

-- What an earlier version granted goes; others see it go and come back at once.
DO $$
DECLARE
    who NAME;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('grants ' || current_schema()));
    FOR who IN SELECT rolname FROM pg_roles WHERE rolname IN
        ('gateway_application', 'gateway_sequencer', 'gateway_auditor', 'gateway_eraser')
    LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), who);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), who);
    END LOOP;
END $$;

-- Staging runs as the owner: nobody may hang it on a table of their own, nor put a temporary table
-- before the one it writes to.
REVOKE ALL ON FUNCTION stage_entry(), refuse_change() FROM PUBLIC;
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION stage_entry() SET search_path = %I, pg_temp', current_schema());
END $$;

-- Answers requests.
DO $$
BEGIN
IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway_application') THEN
    GRANT SELECT ON _sqlx_migrations TO gateway_application;

    -- Evidence is read and added to.
    GRANT SELECT, INSERT ON notice_publication, notice_publication_text, notice_product_minimum
        TO gateway_application;
    GRANT SELECT, INSERT ON notice_served, consent_event, receipt, notice_minimum,
        exchange_intent, exchange_outcome, release, release_exchange, log_entry, erasure,
        event_outbox, consent_lapse TO gateway_application;
    GRANT SELECT, INSERT ON notice_text, rights_request, rights_event, blocking
        TO gateway_application;
    GRANT SELECT, INSERT ON household, household_member, household_departure, household_child,
        household_child_end, household_job, household_job_part TO gateway_application;
    GRANT SELECT, INSERT ON block_term, lift_notice, request_end TO gateway_application;

    -- The log's numbers and hashes are the sequencer's.
    GRANT SELECT ON log_staged, log_sequence, log_tile, log_head, log_checkpoint
        TO gateway_application;

    -- The mutable rest.
    GRANT SELECT, INSERT, DELETE ON household_invitation TO gateway_application;
    GRANT SELECT, INSERT ON subject_document TO gateway_application;
    GRANT SELECT, INSERT, UPDATE (epoch, entries) ON subject_head TO gateway_application;
    GRANT SELECT (subject, person), INSERT, UPDATE (person) ON subject TO gateway_application;
    GRANT SELECT, INSERT, UPDATE (state, finished_at) ON job TO gateway_application;
    GRANT SELECT, INSERT, UPDATE (state, detail, gap, consent_seq) ON job_source
        TO gateway_application;
    GRANT SELECT, INSERT, UPDATE (revoked_at) ON access_grant TO gateway_application;
    GRANT SELECT, INSERT, UPDATE (holder, fence, until), DELETE ON lease
        TO gateway_application;

    GRANT SELECT, INSERT, UPDATE (state, attempts, next_at, acknowledged_at, code), DELETE
        ON event_delivery TO gateway_application;
    GRANT SELECT, INSERT, UPDATE (digest, told, until), DELETE ON handed_over
        TO gateway_application;

    -- What is over is swept away.
    GRANT SELECT, INSERT, DELETE ON login_transaction, idempotency, used_once
        TO gateway_application;
END IF;
END $$;

-- Numbers log entries: sees their leaves, not whom they are about nor what they say.
DO $$
BEGIN
IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway_sequencer') THEN
    GRANT SELECT ON _sqlx_migrations TO gateway_sequencer;
    GRANT SELECT (entry, at, leaf) ON log_entry TO gateway_sequencer;
    GRANT SELECT, DELETE ON log_staged TO gateway_sequencer;
    GRANT SELECT, INSERT ON log_sequence, log_checkpoint TO gateway_sequencer;
    GRANT SELECT, INSERT, DELETE ON log_tile TO gateway_sequencer;
    GRANT SELECT, INSERT, UPDATE (size, root, fence) ON log_head TO gateway_sequencer;
    GRANT SELECT, INSERT, UPDATE (holder, fence, until) ON lease TO gateway_sequencer;
END IF;
END $$;

-- Reads what was decided, exchanged and logged. Payloads, receipts and who people are stay closed.
DO $$
BEGIN
IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway_auditor') THEN
    GRANT SELECT ON _sqlx_migrations TO gateway_auditor;
    GRANT SELECT ON notice_publication, notice_publication_text, notice_product_minimum
        TO gateway_auditor;
    GRANT SELECT ON notice_served, consent_event, notice_minimum, exchange_intent,
        exchange_outcome, release, release_exchange, erasure, event_outbox, event_delivery,
        consent_lapse, notice_text, blocking TO gateway_auditor;
    GRANT SELECT (request, subject, body, kind, purpose, due_at, at, entry) ON rights_request
        TO gateway_auditor;
    GRANT SELECT (request, seq, event, due_at, at, entry) ON rights_event TO gateway_auditor;
    GRANT SELECT ON block_term, request_end TO gateway_auditor;
    GRANT SELECT (request, at, entry) ON lift_notice TO gateway_auditor;
    GRANT SELECT (receipt, subject, body, event, entry, at) ON receipt TO gateway_auditor;
    GRANT SELECT (entry, kind, subject, at, leaf) ON log_entry TO gateway_auditor;
    GRANT SELECT ON log_staged, log_sequence, log_tile, log_head, log_checkpoint
        TO gateway_auditor;
END IF;
END $$;
