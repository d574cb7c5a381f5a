-- The index of an audit log. It has nothing that the log does not have, and is made again at will.
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    origin TEXT NOT NULL,
    -- Size and subtrees, as JSON.
    head TEXT NOT NULL
);
CREATE TABLE chain (
    id INTEGER PRIMARY KEY,
    records TEXT NOT NULL UNIQUE,
    deployer TEXT NOT NULL,
    execution TEXT,
    release_id TEXT,
    release_sha256 TEXT,
    project_name TEXT,
    config_name TEXT,
    aws_account_id TEXT,
    aws_region TEXT,
    started_by TEXT COLLATE NOCASE,
    -- The last part of who started it, in lower case.
    person TEXT,
    -- Microseconds since 1970.
    time INTEGER NOT NULL,
    started INTEGER,
    ended INTEGER,
    outcome TEXT,
    code TEXT,
    closed INTEGER NOT NULL DEFAULT 0,
    start_entry INTEGER,
    end_entry INTEGER,
    -- The number of the record that decides on the outcome.
    end_record INTEGER NOT NULL DEFAULT 0,
    record_count INTEGER NOT NULL
);
CREATE INDEX chain_time ON chain (time);
CREATE INDEX chain_project ON chain (project_name, time);
CREATE INDEX chain_release ON chain (release_id);
CREATE TABLE entry (
    number INTEGER PRIMARY KEY,
    chain INTEGER NOT NULL,
    kind TEXT NOT NULL,
    record INTEGER NOT NULL,
    sha256 TEXT NOT NULL
);
CREATE INDEX entry_chain ON entry (chain);
CREATE TABLE act (
    id TEXT PRIMARY KEY,
    entry INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    time INTEGER NOT NULL,
    deployer TEXT NOT NULL,
    release_id TEXT,
    project_name TEXT,
    config_name TEXT,
    aws_account_id TEXT,
    aws_region TEXT,
    action TEXT NOT NULL,
    identity TEXT NOT NULL COLLATE NOCASE,
    person TEXT NOT NULL,
    confirmed INTEGER,
    reason TEXT,
    ticket TEXT,
    break_glass INTEGER NOT NULL,
    problem TEXT
);
CREATE INDEX act_time ON act (time);
CREATE TABLE review (
    entry INTEGER PRIMARY KEY,
    act TEXT NOT NULL,
    time INTEGER NOT NULL,
    identity TEXT NOT NULL COLLATE NOCASE,
    person TEXT NOT NULL,
    confirmed INTEGER NOT NULL,
    note TEXT NOT NULL
);
CREATE INDEX review_act ON review (act);
CREATE TABLE result (
    entry INTEGER PRIMARY KEY,
    act TEXT NOT NULL,
    done INTEGER NOT NULL,
    code TEXT
);
CREATE INDEX result_act ON result (act);
CREATE TABLE notice (
    entry INTEGER PRIMARY KEY,
    text TEXT NOT NULL
);
-- Entries of which something could not be read. They are read again each time: a copy may be repaired, or the program updated.
CREATE TABLE unread (
    entry INTEGER PRIMARY KEY,
    body BLOB NOT NULL
);
