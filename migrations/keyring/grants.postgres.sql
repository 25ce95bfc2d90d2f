-- Who may do what with the keys. See grants.postgres.sql of the gateway's own database; the sequencer
-- and the auditor cannot even connect to this one.

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
        -- Which keys a role sees is decided row by row: none, unless a policy below lets it.
        EXECUTE 'ALTER TABLE data_key ENABLE ROW LEVEL SECURITY';
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION refuse_change() FROM PUBLIC;

-- Answers requests: makes keys and uses them, for as long as what they seal is kept. Evidence is
-- kept for five years (the running one comes on top), sessions last hours.
DROP POLICY IF EXISTS application_sees_keys_in_use ON data_key;
DO $$
BEGIN
IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway_application') THEN
    GRANT SELECT ON _sqlx_migrations, erased TO gateway_application;
    GRANT SELECT, INSERT ON data_key, subject_lookup TO gateway_application;
    CREATE POLICY application_sees_keys_in_use ON data_key TO gateway_application USING (
        CASE class
            WHEN 'identity' THEN TRUE
            WHEN 'evidence' THEN year >= EXTRACT(YEAR FROM now() AT TIME ZONE 'UTC') - 5
            WHEN 'session' THEN year >= EXTRACT(YEAR FROM now() AT TIME ZONE 'UTC') - 1
        END);
END IF;
END $$;

-- Destroys keys, and wraps and indexes anew.
DROP POLICY IF EXISTS eraser_sees_every_key ON data_key;
DO $$
BEGIN
IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway_eraser') THEN
    GRANT SELECT ON _sqlx_migrations TO gateway_eraser;
    GRANT SELECT, INSERT ON erased TO gateway_eraser;
    GRANT SELECT, UPDATE (wrapper, wrapped), DELETE ON data_key TO gateway_eraser;
    GRANT SELECT, INSERT, DELETE ON subject_lookup TO gateway_eraser;
    CREATE POLICY eraser_sees_every_key ON data_key TO gateway_eraser USING (TRUE);
END IF;
END $$;
