CREATE TRIGGER notice_publication_is_append_only_u BEFORE UPDATE ON notice_publication
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER notice_publication_is_append_only_d BEFORE DELETE ON notice_publication
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER notice_publication_text_is_append_only_u BEFORE UPDATE ON notice_publication_text
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER notice_publication_text_is_append_only_d BEFORE DELETE ON notice_publication_text
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER notice_product_minimum_is_append_only_u BEFORE UPDATE ON notice_product_minimum
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER notice_product_minimum_is_append_only_d BEFORE DELETE ON notice_product_minimum
BEGIN SELECT RAISE(ABORT, 'append only'); END;
