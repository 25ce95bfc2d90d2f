-- Roles and databases of the gateway on PostgreSQL. A superuser runs it once, and may run it again:
--
--     psql -X -v ON_ERROR_STOP=1 -f roles.sql postgres
--
-- It makes two databases, `gateway` and `keyring`, five roles that nobody logs in as, and one user
-- for each. What the roles may do with the tables is not here: `interop-gateway migrate` grants it,
-- as the owner, whenever it has changed the tables (migrations/*/grants.postgres.sql).
--
-- No user has a password yet, and so none can log in. Give each its own, on a connection that is
-- encrypted, and put it into the file that [store.roles] names; or let pg_hba.conf ask for client
-- certificates instead:
--
--     \password interop_application
--
-- pg_hba.conf: `hostssl` and `scram-sha-256` (or `cert`) for these five users, nothing else for them.
-- To change a password without a pause, make a second user in the same role, move the gateway to it,
-- and drop the first.

-- Roles: what may be done.
DO $$
DECLARE
    wanted NAME;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[
        'gateway_owner',        -- owns the tables and changes them; migrate
        'gateway_application',  -- answers requests: adds evidence, changes none
        'gateway_sequencer',    -- numbers log entries, moves the head
        'gateway_auditor',      -- reads what was decided, exchanged and logged; an auditor's own tools
        'gateway_eraser'        -- destroys and re-wraps keys; in the keyring only
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I', wanted);
        END IF;
        EXECUTE format('ALTER ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION '
            'NOBYPASSRLS', wanted);
    END LOOP;
END $$;

-- Users: who logs in. Each replica opens up to 16 connections per user and database: see
-- max_connections in docs/operating.md.
DO $$
DECLARE
    duty NAME;
BEGIN
    FOREACH duty IN ARRAY ARRAY['owner', 'application', 'sequencer', 'auditor', 'eraser'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'interop_' || duty) THEN
            EXECUTE format('CREATE ROLE %I', 'interop_' || duty);
        END IF;
        EXECUTE format('ALTER ROLE %I LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE '
            'NOREPLICATION NOBYPASSRLS', 'interop_' || duty);
        EXECUTE format('GRANT %I TO %I', 'gateway_' || duty, 'interop_' || duty);
    END LOOP;
    -- What it makes belongs to the role, so that another of its users can change it.
    ALTER ROLE interop_owner SET role = 'gateway_owner';
END $$;

-- Databases. Nobody connects who is not named; nobody makes temporary tables. Text is compared byte
-- by byte, as it is in a file: an upgrade of the system's locales must not reorder an index.
SELECT 'CREATE DATABASE gateway OWNER gateway_owner ENCODING ''UTF8'' LC_COLLATE ''C'' LC_CTYPE ''C'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'gateway') \gexec
SELECT 'CREATE DATABASE keyring OWNER gateway_owner ENCODING ''UTF8'' LC_COLLATE ''C'' LC_CTYPE ''C'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'keyring') \gexec

REVOKE ALL ON DATABASE gateway, keyring FROM PUBLIC;
REVOKE ALL ON DATABASE gateway, keyring
    FROM gateway_application, gateway_sequencer, gateway_auditor, gateway_eraser;
GRANT CONNECT ON DATABASE gateway TO gateway_application, gateway_sequencer, gateway_auditor;
GRANT CONNECT ON DATABASE keyring TO gateway_application, gateway_eraser;

-- Only the owner makes anything in them (before PostgreSQL 15 everybody could).
\connect gateway
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO gateway_owner;
\connect keyring
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO gateway_owner;
