-- People, log-ins and what must happen only once. Sessions may be lost: they are in the cache.

-- A person as this service knows them. Who they are is encrypted under their own key.
CREATE TABLE subject (
    subject    TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL,
    person     BYTEA NOT NULL         -- document and name, encrypted
);

-- The one row that consent events and the gate both change, so that they cannot pass each other.
CREATE TABLE subject_head (
    subject TEXT PRIMARY KEY REFERENCES subject (subject),
    epoch   BIGINT NOT NULL DEFAULT 0,    -- advanced by every consent event
    entries BIGINT NOT NULL DEFAULT 0     -- gapless count of exchange-log entries about the person
);

-- Log-ins on their way to a provider and back. Taken, once, by the callback.
CREATE TABLE login_transaction (
    state      TEXT PRIMARY KEY,      -- SHA-256 of the state parameter
    provider   TEXT NOT NULL,
    browser    TEXT NOT NULL,         -- SHA-256 of the cookie that binds it to one browser
    sealed     BYTEA NOT NULL,        -- nonce, code verifier, return path: encrypted
    expires_at BIGINT NOT NULL
);

-- Identifiers that may be used once: assertions, subject tokens, proofs of possession.
CREATE TABLE used_once (
    kind       TEXT NOT NULL,
    identifier TEXT NOT NULL,         -- SHA-256 of issuer and identifier
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (kind, identifier)
);
CREATE INDEX used_once_expiry ON used_once (expires_at);

-- What each access token stands for. Kept after it expires: it holds, encrypted, the client's
-- signed statement about the citizen.
CREATE TABLE access_grant (
    token      TEXT PRIMARY KEY,      -- SHA-256 of the token's jti
    client     TEXT NOT NULL,
    subject    TEXT REFERENCES subject (subject),  -- none for auditors
    sealed     BYTEA,                 -- who vouched for whom and how, encrypted
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX access_grant_client ON access_grant (client, expires_at);
CREATE INDEX login_transaction_end ON login_transaction (expires_at);
