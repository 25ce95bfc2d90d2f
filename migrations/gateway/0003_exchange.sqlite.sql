CREATE TRIGGER exchange_intent_is_append_only_u BEFORE UPDATE ON exchange_intent
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER exchange_intent_is_append_only_d BEFORE DELETE ON exchange_intent
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER exchange_outcome_is_append_only_u BEFORE UPDATE ON exchange_outcome
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER exchange_outcome_is_append_only_d BEFORE DELETE ON exchange_outcome
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER release_is_append_only_u BEFORE UPDATE ON release
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER release_is_append_only_d BEFORE DELETE ON release
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER release_exchange_is_append_only_u BEFORE UPDATE ON release_exchange
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER release_exchange_is_append_only_d BEFORE DELETE ON release_exchange
BEGIN SELECT RAISE(ABORT, 'append only'); END;
