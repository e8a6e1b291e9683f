-- In from the museums: licences, works whose pictures have not come yet, data sets of other installations.

ALTER TABLE paintings
    ADD COLUMN licence text NOT NULL DEFAULT '',       -- in the words of collections/licences.py; '': nobody says
    ADD COLUMN page    text NOT NULL DEFAULT '';       -- the museum's own page of the work
CREATE INDEX paintings_licence ON paintings (collection_id, licence);

-- Works that a museum describes and whose pictures are not here. A work leaves this table, in the transaction that
-- makes it a painting, when its picture has come: so fetching goes on wherever it was broken off.
CREATE TABLE awaited_works (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    collection_id bigint NOT NULL REFERENCES collections ON DELETE CASCADE,
    file          text   NOT NULL,                     -- the name it goes by in its source, as a painting's
    title         text   NOT NULL,
    artist        text   NOT NULL DEFAULT '',
    movement      text   NOT NULL DEFAULT '',
    year          text   NOT NULL DEFAULT '',
    year_from     int,
    year_to       int,
    medium        text   NOT NULL DEFAULT '',
    museum        text   NOT NULL DEFAULT '',
    genre         text   NOT NULL DEFAULT '',
    extra         jsonb  NOT NULL DEFAULT '{}',
    licence       text   NOT NULL DEFAULT '',          -- of its picture, as its source says
    told_licence  text,                                -- as its museum's record said since; NULL: it said nothing
    page          text   NOT NULL DEFAULT '',
    picture_url   text   NOT NULL DEFAULT '',          -- '': its source names none
    record_url    text   NOT NULL DEFAULT '',          -- of the record that names the picture, where the source does not
    attempts      int    NOT NULL DEFAULT 0,
    refused       text   NOT NULL DEFAULT '',          -- why its picture did not come, the last time
    final         boolean NOT NULL DEFAULT false,      -- and asking again would not change that
    not_before    timestamptz,                         -- the museum asked to be left alone until then
    created_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (collection_id, file)
);

-- When a museum's server may be asked next, by whichever command asks: several keep to one rate together.
CREATE UNLOGGED TABLE asked_hosts (
    host text PRIMARY KEY,                             -- with its port, where that is not the scheme's own
    next timestamptz NOT NULL
);

-- Analyses that were brought in from another installation (`r2r import`), by the digest of their manifest.
CREATE TABLE data_sets (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest      bytea       NOT NULL UNIQUE,
    name        text        NOT NULL,
    citation    jsonb       NOT NULL,
    counts      jsonb       NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now()
);
