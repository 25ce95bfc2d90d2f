CREATE TRIGGER household_is_append_only_u BEFORE UPDATE ON household
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER household_is_append_only_d BEFORE DELETE ON household
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER household_member_is_append_only_u BEFORE UPDATE ON household_member
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER household_member_is_append_only_d BEFORE DELETE ON household_member
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER household_departure_is_append_only_u BEFORE UPDATE ON household_departure
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER household_departure_is_append_only_d BEFORE DELETE ON household_departure
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER household_child_is_append_only_u BEFORE UPDATE ON household_child
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER household_child_is_append_only_d BEFORE DELETE ON household_child
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER household_child_end_is_append_only_u BEFORE UPDATE ON household_child_end
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER household_child_end_is_append_only_d BEFORE DELETE ON household_child_end
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER household_job_is_append_only_u BEFORE UPDATE ON household_job
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER household_job_is_append_only_d BEFORE DELETE ON household_job
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER household_job_part_is_append_only_u BEFORE UPDATE ON household_job_part
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER household_job_part_is_append_only_d BEFORE DELETE ON household_job_part
BEGIN SELECT RAISE(ABORT, 'append only'); END;
