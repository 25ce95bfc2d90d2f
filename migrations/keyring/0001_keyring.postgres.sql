CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER erased_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON erased
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
