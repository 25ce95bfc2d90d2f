CREATE TRIGGER block_term_is_append_only_u BEFORE UPDATE ON block_term
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER block_term_is_append_only_d BEFORE DELETE ON block_term
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER lift_notice_is_append_only_u BEFORE UPDATE ON lift_notice
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER lift_notice_is_append_only_d BEFORE DELETE ON lift_notice
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER request_end_is_append_only_u BEFORE UPDATE ON request_end
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER request_end_is_append_only_d BEFORE DELETE ON request_end
BEGIN SELECT RAISE(ABORT, 'append only'); END;
