CREATE TRIGGER notice_publication_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notice_publication
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER notice_publication_text_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notice_publication_text
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER notice_product_minimum_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON notice_product_minimum
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
