-- In from the museums: licences, works whose pictures have not come yet, data sets of other installations.

ALTER TABLE paintings
    ADD COLUMN licence text NOT NULL DEFAULT '',       -- in the words of collections/licences.py; '': nobody says
    ADD COLUMN page    text NOT NULL DEFAULT '',       -- the museum's own page of the work
    ADD COLUMN pictured boolean NOT NULL DEFAULT true; -- false: it came from another installation without its picture
CREATE INDEX paintings_licence ON paintings (collection_id, licence);

-- What came without a picture keeps the numbers that it came with, and no other profile can measure it. As a rule
-- there is none: these indexes are empty, and asking for such works costs nothing.
ALTER TABLE keyframes ADD COLUMN pictured boolean NOT NULL DEFAULT true;
CREATE INDEX paintings_without_picture ON paintings (image) WHERE NOT pictured;
CREATE INDEX keyframes_without_picture ON keyframes (shot_id) WHERE NOT pictured;

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

-- When a museum's server may be asked next, by whichever command asks: several keep to one rate together, and leave it
-- alone together.
CREATE UNLOGGED TABLE asked_hosts (
    host       text PRIMARY KEY,                       -- with its port, where that is not the scheme's own
    next       timestamptz NOT NULL,                   -- the next turn that nobody has taken
    not_before timestamptz                             -- it asked to be left alone until then (Retry-After)
);

-- A profile's paintings, told apart from others in the same way in every installation: see queries/profile_state.py.
-- `fingerprint` is quicker to make and goes by ids, which differ from one database to another.
ALTER TABLE profiles ADD COLUMN state bytea;           -- NULL: no ranges were taken yet
UPDATE profiles AS o SET state = s.state
  FROM (SELECT v.profile_id, sha256(string_agg(v.one, ''::bytea ORDER BY v.one)) AS state
          FROM (SELECT f.profile_id,
                       sha256(sha256(vector_send(f.dc) || float8send(f.avg_dof) || float8send(f.max_dof)
                              || float8send(f.min_dof) || float8send(f.saturation) || float8send(f.balance)
                              || vector_send(f.shadow) || float8send(f.contrast) || vector_send(f.embedding)
                              || coalesce(int4send(p.year_from), ''::bytea))
                              || sha256(convert_to(p.artist, 'UTF8')) || sha256(convert_to(p.movement, 'UTF8'))) AS one
                  FROM painting_features AS f JOIN paintings AS p ON p.id = f.painting_id) AS v
         GROUP BY v.profile_id) AS s
 WHERE o.id = s.profile_id AND o.revision > 0;

-- Analyses that were brought in from another installation (`r2r import`), by the digest of their manifest.
CREATE TABLE data_sets (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest      bytea       NOT NULL UNIQUE,
    name        text        NOT NULL,
    citation    jsonb       NOT NULL,
    counts      jsonb       NOT NULL,
    part_of     bigint REFERENCES profiles ON DELETE SET NULL, -- it brought a part of the paintings that its films and
                                                               -- numbers were compared with under this profile
    part_until  bigint,                                -- so long as the profile is at that revision; NULL: always
    imported_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE paintings ADD COLUMN data_set_id bigint REFERENCES data_sets ON DELETE SET NULL; -- that brought it
CREATE INDEX paintings_data_set ON paintings (data_set_id) WHERE data_set_id IS NOT NULL;
