-- The terms a grant was given under. Later files may be stricter and then hold as well; they never
-- loosen a grant. Empty for what is no grant, and for grants of before: those keep what held then.

ALTER TABLE consent_event ADD COLUMN period TEXT;          -- 'now', or how far back: 'P2Y'
ALTER TABLE consent_event ADD COLUMN fetch_limit BIGINT;   -- exchanges at most
ALTER TABLE consent_event ADD COLUMN fetch_window TEXT;    -- within this ISO 8601 duration; empty: in the grant's whole life
ALTER TABLE consent_event ADD COLUMN data_life TEXT;       -- ISO 8601 duration an answer may be kept
