-- What each recipient holds of each item, as a keyed digest: to tell it that there is something newer.
-- Not evidence (that is `release`): a row is replaced by the next release, and leaves with the consent.

CREATE TABLE handed_over (
    subject   TEXT NOT NULL REFERENCES subject (subject),
    recipient TEXT NOT NULL,
    item      TEXT NOT NULL,
    digest    TEXT NOT NULL,          -- HMAC-SHA-256 of the values; no value is kept
    told      TEXT,                   -- the newer digest the recipient was last told of
    until     BIGINT NOT NULL,        -- end of the consent it rests on
    PRIMARY KEY (subject, recipient, item)
);
CREATE INDEX handed_over_end ON handed_over (until);
