CREATE TRIGGER erased_is_append_only_u BEFORE UPDATE ON erased
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER erased_is_append_only_d BEFORE DELETE ON erased
BEGIN SELECT RAISE(ABORT, 'append only'); END;
