-- Training: the models of one's own, the runs that made them, what they measured; and jobs of several phases.

ALTER TABLE jobs
    DROP CONSTRAINT jobs_kind_check,
    ADD CONSTRAINT jobs_kind_check
        CHECK (kind IN ('ingest', 'paintings', 'match', 'train', 'evaluate', 'activate'));
-- One filling of a profile, however many people ask for it.
CREATE UNIQUE INDEX jobs_one_activation ON jobs (profile_id)
    WHERE kind = 'activate' AND state IN ('queued', 'running');

-- A blocked segment waits for all of the phases before its own. A generated column's expression cannot be changed
-- before Postgres 17, so the queue is made anew, with the indexes that go with it.
ALTER TABLE segments
    DROP CONSTRAINT segments_kind_check,
    ADD CONSTRAINT segments_kind_check
        CHECK (kind IN ('film', 'match', 'keyframes', 'pictures', 'picture', 'ranges', 'switch', 'train', 'evaluate')),
    ADD COLUMN phase int NOT NULL DEFAULT 0,
    DROP COLUMN queue;
ALTER TABLE segments
    ADD COLUMN queue text NOT NULL GENERATED ALWAYS AS (
        CASE WHEN kind IN ('film', 'keyframes') THEN 'video'
             WHEN kind IN ('pictures', 'picture') THEN 'paintings'
             WHEN kind IN ('train', 'evaluate') THEN 'train'
             ELSE 'control' END) STORED;
CREATE INDEX segments_next ON segments (queue, priority DESC, due_at, job_id, number) WHERE state = 'queued';
CREATE INDEX segments_put_off ON segments (queue) WHERE state = 'queued' AND not_before IS NOT NULL AND sent_at IS NULL;
CREATE INDEX segments_sent ON segments (queue, sent_at) WHERE state = 'queued' AND sent_at IS NOT NULL;
UPDATE segments SET phase = 1 WHERE kind IN ('match', 'ranges');  -- what closes an ingest or an import

-- Since when a profile is the active one, or when it became so the last time: the way back.
ALTER TABLE profiles ADD COLUMN activated_at timestamptz;
UPDATE profiles SET activated_at = now() WHERE active;

-- A training from its first epoch to its last, whichever worker was at it.
CREATE TABLE training_runs (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id     bigint UNIQUE REFERENCES jobs ON DELETE SET NULL,
    name       text        NOT NULL,                   -- of the model that it is to make
    spec       jsonb       NOT NULL,                   -- all that decides what comes out
    checkpoint text,                                   -- key in the media store, of the last whole epoch
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE training_epochs (
    run_id     bigint NOT NULL REFERENCES training_runs ON DELETE CASCADE,
    epoch      int    NOT NULL,                        -- from 1
    loss       double precision NOT NULL,
    held_loss  double precision,                       -- on triplets of artists that are not trained on
    held_right double precision,                       -- share of those with the positive nearer than the negative
    rate       double precision NOT NULL,              -- learning rate at its end
    seconds    double precision NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, epoch)
);

-- Models that were trained or imported; each is a profile of the same name. Their weights lie in the media store.
CREATE TABLE models (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text        NOT NULL UNIQUE,
    profile_id bigint      NOT NULL UNIQUE REFERENCES profiles,
    digest     text        NOT NULL,                   -- SHA-256 of the file, in hexadecimal
    file       text        NOT NULL,                   -- key in the media store
    size_bytes bigint      NOT NULL,
    config     jsonb       NOT NULL,                   -- TcnConfig
    lineage    jsonb       NOT NULL DEFAULT '{}',      -- how it came about
    run_id     bigint      REFERENCES training_runs ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE evaluations (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    profile_id bigint      NOT NULL REFERENCES profiles ON DELETE CASCADE,
    job_id     bigint      UNIQUE REFERENCES jobs ON DELETE SET NULL,
    report     jsonb       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX evaluations_profile ON evaluations (profile_id);
