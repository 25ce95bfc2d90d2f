CREATE TRIGGER notice_served_is_append_only_u BEFORE UPDATE ON notice_served
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER notice_served_is_append_only_d BEFORE DELETE ON notice_served
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER consent_event_is_append_only_u BEFORE UPDATE ON consent_event
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER consent_event_is_append_only_d BEFORE DELETE ON consent_event
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER receipt_is_append_only_u BEFORE UPDATE ON receipt
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER receipt_is_append_only_d BEFORE DELETE ON receipt
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER notice_minimum_is_append_only_u BEFORE UPDATE ON notice_minimum
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER notice_minimum_is_append_only_d BEFORE DELETE ON notice_minimum
BEGIN SELECT RAISE(ABORT, 'append only'); END;
