CREATE TRIGGER notice_text_is_append_only_u BEFORE UPDATE ON notice_text
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER notice_text_is_append_only_d BEFORE DELETE ON notice_text
BEGIN SELECT RAISE(ABORT, 'append only'); END;
