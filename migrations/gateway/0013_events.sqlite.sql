CREATE TRIGGER event_outbox_is_append_only_u BEFORE UPDATE ON event_outbox
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER event_outbox_is_append_only_d BEFORE DELETE ON event_outbox
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER consent_lapse_is_append_only_u BEFORE UPDATE ON consent_lapse
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER consent_lapse_is_append_only_d BEFORE DELETE ON consent_lapse
BEGIN SELECT RAISE(ABORT, 'append only'); END;
