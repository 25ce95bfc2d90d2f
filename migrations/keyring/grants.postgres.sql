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
    GRANT SELECT ON _sqlx_migrations, erased, retired_wrapper TO gateway_application;
    -- The first of wrapping and hashing keys comes into use with the first person.
    GRANT SELECT, INSERT ON data_key, subject_lookup, wrapping_key, lookup_key
        TO gateway_application;
    GRANT SELECT, INSERT, UPDATE (subject) ON holder TO gateway_application;
    GRANT SELECT, INSERT, UPDATE (wrappers, lookups, seen_at) ON reader TO gateway_application;
    CREATE POLICY application_sees_keys_in_use ON data_key TO gateway_application USING (
        CASE class
            WHEN 'identity' THEN TRUE
            WHEN 'evidence' THEN year >= EXTRACT(YEAR FROM now() AT TIME ZONE 'UTC') - 5
            WHEN 'session' THEN year >= EXTRACT(YEAR FROM now() AT TIME ZONE 'UTC') - 1
        END);
END IF;
END $$;

-- Destroys keys, wraps them anew, and brings wrapping and hashing keys into use and out of it.
DROP POLICY IF EXISTS eraser_sees_every_key ON data_key;
DO $$
BEGIN
IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway_eraser') THEN
    GRANT SELECT ON _sqlx_migrations TO gateway_eraser;
    GRANT SELECT, DELETE ON reader TO gateway_eraser;
    GRANT SELECT, INSERT ON erased, retired_wrapper TO gateway_eraser;
    GRANT SELECT, UPDATE (wrapper, wrapped), DELETE ON data_key TO gateway_eraser;
    GRANT SELECT, DELETE ON subject_lookup TO gateway_eraser;
    GRANT SELECT, INSERT, DELETE ON wrapping_key TO gateway_eraser;
    GRANT SELECT, INSERT, UPDATE (retiring), DELETE ON lookup_key TO gateway_eraser;
    GRANT SELECT, INSERT, UPDATE (subject) ON holder TO gateway_eraser;
    CREATE POLICY eraser_sees_every_key ON data_key TO gateway_eraser USING (TRUE);
END IF;
END $$;
