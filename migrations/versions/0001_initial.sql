-- Reel to Real, first schema. Truth lives in these rows; Redis only carries hints.

CREATE EXTENSION IF NOT EXISTS vector;

-- How numbers were made. Features of different profiles are never compared.
CREATE TABLE profiles (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text        NOT NULL,
    encoder         text        NOT NULL,
    encoder_digest  text        NOT NULL,
    depth           text        NOT NULL,
    depth_digest    text        NOT NULL,
    metrics_version int         NOT NULL,
    dim             int         NOT NULL CHECK (dim BETWEEN 1 AND 2000),
    active          boolean     NOT NULL DEFAULT false,
    revision        bigint      NOT NULL DEFAULT 0,   -- counts changes to its paintings' features and dates
    fingerprint     bytea,                            -- of those, at that revision
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (name, encoder_digest, depth_digest, metrics_version)
);
CREATE UNIQUE INDEX profiles_one_active ON profiles (active) WHERE active;

-- What the score divides by (paper, equation 2), frozen with the profile's revision.
CREATE TABLE metric_ranges (
    profile_id bigint           NOT NULL REFERENCES profiles ON DELETE CASCADE,
    metric     text             NOT NULL,
    low        double precision NOT NULL,
    high       double precision NOT NULL,
    range      double precision NOT NULL CHECK (range > 0),
    centre     double precision[] NOT NULL,           -- the paintings' mean, and the farthest painting's distance
    radius     double precision NOT NULL,             --   from it: what bounds a search by candidate lists
    PRIMARY KEY (profile_id, metric)
);

CREATE TABLE collections (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text        NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE paintings (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    collection_id bigint NOT NULL REFERENCES collections ON DELETE CASCADE,
    file          text   NOT NULL,                    -- the name it goes by in its source
    sha256        bytea  NOT NULL,                    -- of the picture as it came
    title         text   NOT NULL,
    artist        text   NOT NULL DEFAULT '',
    movement      text   NOT NULL DEFAULT '',
    year          text   NOT NULL DEFAULT '',         -- as the museum writes it
    year_from     int,
    year_to       int,
    medium        text   NOT NULL DEFAULT '',
    museum        text   NOT NULL DEFAULT '',
    genre         text   NOT NULL DEFAULT '',
    extra         jsonb  NOT NULL DEFAULT '{}',
    width         int    NOT NULL,                    -- of the picture as it came, upright
    height        int    NOT NULL,
    image         text   NOT NULL,                    -- key in the media store, long side <= 512 px
    created_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (collection_id, file),
    UNIQUE (collection_id, sha256)
);
CREATE INDEX paintings_artist ON paintings (artist);
CREATE INDEX paintings_movement ON paintings (movement);

CREATE TABLE films (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256       bytea  NOT NULL UNIQUE,              -- a film is known by its content
    title        text   NOT NULL,
    director     text   NOT NULL DEFAULT '',
    year         int,
    country      text   NOT NULL DEFAULT '',
    path         text   NOT NULL,                     -- where it was last seen
    size_bytes   bigint NOT NULL,
    container    text   NOT NULL,
    codec        text   NOT NULL,
    width        int    NOT NULL,
    height       int    NOT NULL,
    rotation     int    NOT NULL DEFAULT 0,
    fps_num      bigint NOT NULL,
    fps_den      bigint NOT NULL,
    frames       int    NOT NULL,
    duration_s   double precision NOT NULL,
    start_s      double precision NOT NULL DEFAULT 0,
    probe        jsonb  NOT NULL,                     -- FilmProbe without its index
    frame_index  bytea  NOT NULL,                     -- FilmIndex: true times, I-frames
    analysis_id  bigint,                              -- the job whose shots are shown; null: none yet
    created_at   timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE films ALTER COLUMN frame_index SET STORAGE EXTERNAL;  -- it is compressed already

-- Where a film's bytes have been seen, so that a command need not hash gigabytes to know a path again.
CREATE TABLE film_files (
    path       text   PRIMARY KEY,
    film_id    bigint NOT NULL REFERENCES films ON DELETE CASCADE,
    size_bytes bigint NOT NULL,
    mtime_ns   bigint NOT NULL
);
CREATE INDEX film_files_film ON film_files (film_id);

CREATE TABLE jobs (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind             text        NOT NULL CHECK (kind IN ('ingest', 'paintings', 'match')),
    state            text        NOT NULL DEFAULT 'queued'
                     CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    film_id          bigint      REFERENCES films ON DELETE CASCADE,
    collection_id    bigint      REFERENCES collections ON DELETE CASCADE,
    profile_id       bigint      NOT NULL REFERENCES profiles,
    options          jsonb       NOT NULL DEFAULT '{}',
    priority         int         NOT NULL DEFAULT 0,
    cancel_requested boolean     NOT NULL DEFAULT false,
    error            text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    started_at       timestamptz,
    finished_at      timestamptz
);
-- One running analysis a film, however many people ask for it.
CREATE UNIQUE INDEX jobs_one_ingest ON jobs (film_id)
    WHERE kind = 'ingest' AND state IN ('queued', 'running');
-- What a removed film, collection or job takes with it is found by index.
CREATE INDEX jobs_film ON jobs (film_id) WHERE film_id IS NOT NULL;
CREATE INDEX jobs_collection ON jobs (collection_id) WHERE collection_id IS NOT NULL;
ALTER TABLE films ADD FOREIGN KEY (analysis_id) REFERENCES jobs ON DELETE SET NULL;
CREATE INDEX films_analysis ON films (analysis_id) WHERE analysis_id IS NOT NULL;

CREATE SEQUENCE fences;

-- A unit of work that one worker leases, and finishes in one transaction.
CREATE TABLE segments (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id       bigint NOT NULL REFERENCES jobs ON DELETE CASCADE,
    kind         text   NOT NULL CHECK (kind IN ('film', 'match', 'keyframes', 'pictures', 'picture', 'ranges')),
    number       int    NOT NULL,
    start_frame  int,                                  -- a film span: shots that begin in start..end
    end_frame    int,
    items        bigint[] NOT NULL DEFAULT '{}',       -- keyframe or painting ids of a batch
    state        text   NOT NULL DEFAULT 'queued'      -- blocked: waits for the job's other segments
                 CHECK (state IN ('blocked', 'queued', 'running', 'done', 'failed', 'cancelled')),
    attempt      int    NOT NULL DEFAULT 0,
    fence        bigint,
    worker       text,
    heartbeat_at timestamptz,
    sent_at      timestamptz,                          -- when a message about it was last sent
    progress     real   NOT NULL DEFAULT 0,            -- 0..1
    stats        jsonb  NOT NULL DEFAULT '{}',         -- decode_s, model_s, frames, shots, reader, missing
    error        text,
    started_at   timestamptz,
    finished_at  timestamptz,
    UNIQUE (job_id, kind, number)
);
CREATE INDEX segments_open ON segments (state, heartbeat_at) WHERE state IN ('queued', 'running');

CREATE TABLE shots (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    film_id     bigint NOT NULL REFERENCES films ON DELETE CASCADE,
    job_id      bigint NOT NULL REFERENCES jobs ON DELETE CASCADE,
    segment_id  bigint NOT NULL REFERENCES segments ON DELETE CASCADE,
    start_frame int    NOT NULL,
    end_frame   int    NOT NULL CHECK (end_frame > start_frame),  -- exclusive
    start_s     double precision NOT NULL,
    end_s       double precision NOT NULL,
    transition  text   NOT NULL CHECK (transition IN ('cut', 'dissolve', 'fade')),
    blank       text   CHECK (blank IN ('black', 'white', 'title')),
    UNIQUE (job_id, start_frame)
);
CREATE INDEX shots_film ON shots (film_id);
CREATE INDEX shots_segment ON shots (segment_id);

CREATE TABLE keyframes (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shot_id  bigint NOT NULL REFERENCES shots ON DELETE CASCADE,
    frame    int    NOT NULL,
    time_s   double precision NOT NULL,
    image    text   NOT NULL,                          -- key in the media store
    width    int    NOT NULL,
    height   int    NOT NULL,
    crop     int[]  NOT NULL,                          -- x, y, width, height in the shown frame
    UNIQUE (shot_id, frame)
);

-- Both feature tables carry the same columns. A match reads each painting's row thousands of times, so its vectors
-- stay in the row as they are: PLAIN spares the small ones a copy on every read (a short header would have to be
-- unpacked), and the row may fill its page before an embedding moves out of it.
CREATE TABLE painting_features (
    profile_id  bigint    NOT NULL REFERENCES profiles ON DELETE CASCADE,
    painting_id bigint    NOT NULL REFERENCES paintings ON DELETE CASCADE,
    dc          vector(9) NOT NULL,
    dc1         vector(3) NOT NULL GENERATED ALWAYS AS (subvector(dc, 1, 3)) STORED,
    dc2         vector(3) NOT NULL GENERATED ALWAYS AS (subvector(dc, 4, 3)) STORED,
    dc3         vector(3) NOT NULL GENERATED ALWAYS AS (subvector(dc, 7, 3)) STORED,
    avg_dof     double precision NOT NULL,
    max_dof     double precision NOT NULL,
    min_dof     double precision NOT NULL,
    saturation  double precision NOT NULL,
    balance     double precision NOT NULL,
    shadow      vector(9) NOT NULL,
    contrast    double precision NOT NULL,
    embedding   vector    NOT NULL,
    PRIMARY KEY (profile_id, painting_id)
);
ALTER TABLE painting_features
    ALTER COLUMN dc1 SET STORAGE PLAIN, ALTER COLUMN dc2 SET STORAGE PLAIN, ALTER COLUMN dc3 SET STORAGE PLAIN,
    ALTER COLUMN shadow SET STORAGE PLAIN, ALTER COLUMN embedding SET STORAGE EXTERNAL,
    SET (toast_tuple_target = 8160);

CREATE TABLE keyframe_features (
    profile_id  bigint    NOT NULL REFERENCES profiles ON DELETE CASCADE,
    keyframe_id bigint    NOT NULL REFERENCES keyframes ON DELETE CASCADE,
    dc          vector(9) NOT NULL,
    dc1         vector(3) NOT NULL GENERATED ALWAYS AS (subvector(dc, 1, 3)) STORED,
    dc2         vector(3) NOT NULL GENERATED ALWAYS AS (subvector(dc, 4, 3)) STORED,
    dc3         vector(3) NOT NULL GENERATED ALWAYS AS (subvector(dc, 7, 3)) STORED,
    avg_dof     double precision NOT NULL,
    max_dof     double precision NOT NULL,
    min_dof     double precision NOT NULL,
    saturation  double precision NOT NULL,
    balance     double precision NOT NULL,
    shadow      vector(9) NOT NULL,
    contrast    double precision NOT NULL,
    embedding   vector    NOT NULL,
    PRIMARY KEY (profile_id, keyframe_id)
);
ALTER TABLE keyframe_features
    ALTER COLUMN dc1 SET STORAGE PLAIN, ALTER COLUMN dc2 SET STORAGE PLAIN, ALTER COLUMN dc3 SET STORAGE PLAIN,
    ALTER COLUMN shadow SET STORAGE PLAIN, ALTER COLUMN embedding SET STORAGE EXTERNAL,
    SET (toast_tuple_target = 8160);
CREATE INDEX keyframe_features_keyframe ON keyframe_features (keyframe_id);
CREATE INDEX painting_features_painting ON painting_features (painting_id);

-- The best paintings of each keyframe under the default weights, as of the profile's revision.
CREATE TABLE matches (
    profile_id  bigint   NOT NULL REFERENCES profiles ON DELETE CASCADE,
    keyframe_id bigint   NOT NULL REFERENCES keyframes ON DELETE CASCADE,
    rank        smallint NOT NULL,
    painting_id bigint   NOT NULL REFERENCES paintings ON DELETE CASCADE,
    score       double precision NOT NULL,
    visual      double precision NOT NULL,             -- V_r
    semantic    double precision NOT NULL,             -- S_a
    metrics     real[]   NOT NULL,                     -- each metric's 1 - |delta| / range, in METRICS order
    PRIMARY KEY (profile_id, keyframe_id, rank)
);
CREATE INDEX matches_keyframe ON matches (keyframe_id);
CREATE INDEX matches_painting ON matches (painting_id);

-- Which matches are stored: of which film, under which revision of the collection and film year.
CREATE TABLE film_matches (
    film_id    bigint NOT NULL REFERENCES films ON DELETE CASCADE,
    profile_id bigint NOT NULL REFERENCES profiles ON DELETE CASCADE,
    revision   bigint NOT NULL,
    film_year  int,
    top_k      int    NOT NULL,
    how        text   NOT NULL CHECK (how IN ('exact', 'lists')),
    unproven   int    NOT NULL DEFAULT 0,             -- keyframes that the lists may have missed a painting for
    matched_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (film_id, profile_id)
);
