-- The first format. A time ends in its unit and counts from the Unix epoch; attributes, tags and the like are JSON.

-- Whose ARNs are in the rows.
CREATE TABLE origin (region TEXT NOT NULL, account TEXT NOT NULL) STRICT;

CREATE TABLE queue (
    name TEXT NOT NULL PRIMARY KEY,
    attributes TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_s INTEGER NOT NULL,
    modified_s INTEGER NOT NULL,
    purged_ms INTEGER,
    -- Of the newest message that ever was in a FIFO queue: sequence numbers go on from it.
    last_place INTEGER NOT NULL
) STRICT;

CREATE TABLE message (
    queue TEXT NOT NULL,
    place INTEGER NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    attributes TEXT NOT NULL,
    system_attributes TEXT NOT NULL,
    message_group TEXT,
    deduplication_id TEXT,
    sequence TEXT,
    sent_ms INTEGER NOT NULL,
    dead_letter_source TEXT,
    first_received_ms INTEGER,
    receives INTEGER NOT NULL,
    -- Of the receive that hides the message; NULL when it was never received.
    received_ms INTEGER,
    -- How long the message is hidden, by that receive or by its delay. In the past it is as good as NULL.
    hidden_until_ms INTEGER,
    PRIMARY KEY (queue, place)
) STRICT, WITHOUT ROWID;

-- Moves out of dead-letter queues that were done.
CREATE TABLE move (
    source_arn TEXT NOT NULL,
    destination_arn TEXT,
    rate INTEGER,
    moved INTEGER NOT NULL,
    started_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE topic (
    arn TEXT NOT NULL PRIMARY KEY,
    attributes TEXT NOT NULL,
    tags TEXT NOT NULL,
    last_sequence INTEGER NOT NULL
) STRICT;

CREATE TABLE subscription (
    arn TEXT NOT NULL PRIMARY KEY,
    topic_arn TEXT NOT NULL,
    protocol TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    -- What confirms it, until it is confirmed.
    token TEXT,
    attributes TEXT NOT NULL
) STRICT;

-- Notifications that HTTP endpoints have not taken yet.
CREATE TABLE post (
    id TEXT NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    dead_letter_arn TEXT
) STRICT;

-- What FIFO queues and FIFO topics answered in the last five minutes.
CREATE TABLE deduplication (
    -- The queue's or the topic's ARN.
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    sequence TEXT,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX deduplication_age ON deduplication (since_ms);

CREATE TABLE project (
    name TEXT NOT NULL PRIMARY KEY,
    members TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL,
    last_number INTEGER NOT NULL
) STRICT;

CREATE TABLE build (
    -- The order of starts in the account.
    sequence INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    number INTEGER NOT NULL,
    project TEXT NOT NULL,
    -- Whether it is one of the builds of the project that has the name now.
    listed INTEGER NOT NULL,
    request TEXT NOT NULL,
    settings TEXT NOT NULL,
    retry_limit INTEGER NOT NULL,
    retry_number INTEGER NOT NULL,
    previous_retry TEXT,
    log_group TEXT,
    log_stream TEXT
) STRICT;

-- Of a build what changes: apart, because the rest is large.
CREATE TABLE progress (
    build INTEGER NOT NULL PRIMARY KEY,
    status TEXT NOT NULL,
    phases TEXT NOT NULL,
    end_ms INTEGER,
    resolved TEXT,
    exported TEXT NOT NULL,
    log_revealed INTEGER NOT NULL,
    next_retry TEXT
) STRICT;

-- The idempotency tokens of the last five minutes.
CREATE TABLE token (
    token TEXT NOT NULL PRIMARY KEY,
    since_ms INTEGER NOT NULL,
    request TEXT NOT NULL,
    build_id TEXT NOT NULL
) STRICT;

CREATE TABLE log_group (
    name TEXT NOT NULL PRIMARY KEY,
    created_ms INTEGER NOT NULL,
    class TEXT NOT NULL,
    retention_days INTEGER,
    tags TEXT NOT NULL
) STRICT;

CREATE TABLE log_stream (
    id INTEGER NOT NULL PRIMARY KEY,
    log_group TEXT NOT NULL,
    name TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX log_stream_group ON log_stream (log_group);

CREATE TABLE log_event (
    stream INTEGER NOT NULL,
    place INTEGER NOT NULL,
    timestamp_ms INTEGER NOT NULL,
    ingested_ms INTEGER NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (stream, place)
) STRICT, WITHOUT ROWID;
