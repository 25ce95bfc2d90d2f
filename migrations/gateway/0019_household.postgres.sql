CREATE TRIGGER household_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON household
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER household_member_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON household_member
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER household_departure_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON household_departure
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER household_child_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON household_child
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER household_child_end_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON household_child_end
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER household_job_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON household_job
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER household_job_part_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON household_job_part
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
