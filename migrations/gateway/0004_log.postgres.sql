-- As the owner: the application may add entries, but has no other business in the waiting room.
CREATE FUNCTION stage_entry() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO log_staged (at, entry) VALUES (NEW.at, NEW.entry);
    RETURN NEW;
END $$;
CREATE TRIGGER log_entry_is_staged AFTER INSERT ON log_entry
FOR EACH ROW EXECUTE FUNCTION stage_entry();

CREATE TRIGGER log_entry_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_entry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_sequence_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_sequence
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_checkpoint_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_checkpoint
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER erasure_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON erasure
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Narrow tiles go when they are full; full ones stay.
CREATE TRIGGER log_tile_is_append_only_u BEFORE UPDATE OR TRUNCATE ON log_tile
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_tile_is_append_only_d BEFORE DELETE ON log_tile
FOR EACH ROW WHEN (OLD.width = 256) EXECUTE FUNCTION refuse_change();
