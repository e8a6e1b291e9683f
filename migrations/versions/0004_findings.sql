-- Findings that hold up: what unrelated pictures reach, which paintings are near to many, what films come to.

-- Digest of the artists and movements of a profile's paintings: what is counted by name depends on those, a score
-- does not, so a name that is mended leaves the revision, and every film's matches, as they are.
ALTER TABLE profiles ADD COLUMN names bytea;
-- Of the artists alone: whose works are unrelated depends on those, and not on a movement.
ALTER TABLE profiles ADD COLUMN artists bytea;

-- The null distribution of a profile: the best score of paintings against all paintings by other artists.
CREATE TABLE unrelated (
    profile_id  bigint PRIMARY KEY REFERENCES profiles ON DELETE CASCADE,
    revision    bigint NOT NULL,                       -- of the profile, when it was taken
    artists     bytea  NOT NULL,                       -- of the profile, then
    of_pictures int    NOT NULL,                       -- paintings with a known artist and others to compare with
    scores      double precision[] NOT NULL,           -- of those that were asked, ascending
    nearness    double precision NOT NULL,             -- mean over all paintings
    measured_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE unrelated ALTER COLUMN scores SET STORAGE EXTERNAL;

-- A painting's mean score with the k of those asked that are nearest to it, all by other artists (CSLS).
-- Written whole, and joined by the painting's id: one that is removed while it is measured leaves a row that nobody asks.
CREATE TABLE painting_nearness (
    profile_id  bigint NOT NULL REFERENCES profiles ON DELETE CASCADE,
    painting_id bigint NOT NULL,
    nearness    double precision NOT NULL,
    PRIMARY KEY (profile_id, painting_id)
);

-- What a film's stored matches come to: each shot that is matched counts with its length for its first painting.
-- Written in the transaction that stores the matches; `judged` where what unrelated pictures reach was known then.
ALTER TABLE film_matches
    ADD COLUMN seconds double precision,               -- of all matched shots; null: not counted yet
    ADD COLUMN convincing_s double precision,          -- of those that resemble a painting convincingly
    ADD COLUMN shots   int,
    ADD COLUMN convincing_shots int,
    ADD COLUMN judged  boolean NOT NULL DEFAULT false;

CREATE TABLE film_paintings (
    profile_id   bigint NOT NULL REFERENCES profiles ON DELETE CASCADE,
    film_id      bigint NOT NULL REFERENCES films ON DELETE CASCADE,
    painting_id  bigint NOT NULL REFERENCES paintings ON DELETE CASCADE,
    shots        int    NOT NULL,
    seconds      double precision NOT NULL,
    convincing_s double precision NOT NULL,            -- of those, where the match is convincing
    PRIMARY KEY (profile_id, film_id, painting_id)
);
CREATE INDEX film_paintings_painting ON film_paintings (painting_id);
CREATE INDEX film_paintings_film ON film_paintings (film_id);

-- The same by movement and by artist: a catalogue's questions are about those, and have to be quick.
CREATE TABLE film_names (
    profile_id   bigint   NOT NULL REFERENCES profiles ON DELETE CASCADE,
    film_id      bigint   NOT NULL REFERENCES films ON DELETE CASCADE,
    kind         smallint NOT NULL CHECK (kind IN (1, 2)),  -- 1 movement, 2 artist
    name         text     NOT NULL,
    seconds      double precision NOT NULL,
    convincing_s double precision NOT NULL,
    PRIMARY KEY (profile_id, kind, film_id, name)
);
CREATE INDEX film_names_film ON film_names (film_id);
