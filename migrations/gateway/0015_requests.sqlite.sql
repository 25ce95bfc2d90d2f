CREATE TRIGGER rights_request_is_append_only_u BEFORE UPDATE ON rights_request
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER rights_request_is_append_only_d BEFORE DELETE ON rights_request
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER rights_event_is_append_only_u BEFORE UPDATE ON rights_event
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER rights_event_is_append_only_d BEFORE DELETE ON rights_event
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER blocking_is_append_only_u BEFORE UPDATE ON blocking
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER blocking_is_append_only_d BEFORE DELETE ON blocking
BEGIN SELECT RAISE(ABORT, 'append only'); END;
