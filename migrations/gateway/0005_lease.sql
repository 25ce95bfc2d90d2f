-- Who does what only one may do at a time, and until when. A replica that is alive holds the lease
-- `replica/<its id>`; the jobs of a replica without one are over.
CREATE TABLE lease (
    name   TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    fence  BIGINT NOT NULL,           -- grows with every new holder: what an earlier one still writes is refused
    until  BIGINT NOT NULL
);
