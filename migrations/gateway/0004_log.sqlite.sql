CREATE TRIGGER log_entry_is_staged AFTER INSERT ON log_entry
BEGIN INSERT INTO log_staged (at, entry) VALUES (NEW.at, NEW.entry); END;
CREATE TRIGGER log_entry_is_append_only_u BEFORE UPDATE ON log_entry
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER log_entry_is_append_only_d BEFORE DELETE ON log_entry
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER log_sequence_is_append_only_u BEFORE UPDATE ON log_sequence
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER log_sequence_is_append_only_d BEFORE DELETE ON log_sequence
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER log_checkpoint_is_append_only_u BEFORE UPDATE ON log_checkpoint
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER log_checkpoint_is_append_only_d BEFORE DELETE ON log_checkpoint
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER log_tile_is_append_only_u BEFORE UPDATE ON log_tile
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER log_tile_is_append_only_d BEFORE DELETE ON log_tile WHEN OLD.width = 256
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER erasure_is_append_only_u BEFORE UPDATE ON erasure
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER erasure_is_append_only_d BEFORE DELETE ON erasure
BEGIN SELECT RAISE(ABORT, 'append only'); END;
