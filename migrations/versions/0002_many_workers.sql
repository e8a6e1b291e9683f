-- Many workers: an order among queued segments, what became of each attempt, who sweeps.

-- A job's place in its queue: the highest priority first, then the earliest due_at. That is when it was asked for plus
-- a multiple of its length: a short film overtakes long ones, but none for ever.
ALTER TABLE jobs
    ADD COLUMN due_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN loose  boolean     NOT NULL DEFAULT false,  -- failed or asked to end, with segments still open
    ADD CONSTRAINT jobs_priority CHECK (priority BETWEEN 0 AND 9);
CREATE INDEX jobs_loose ON jobs (id) WHERE loose;
CREATE INDEX jobs_open ON jobs (id) WHERE state IN ('queued', 'running');
UPDATE jobs AS j
   SET due_at = created_at,
       loose = (cancel_requested AND state IN ('queued', 'running'))
               OR (state = 'failed' AND EXISTS (SELECT FROM segments
                                                 WHERE job_id = j.id AND state IN ('blocked', 'queued', 'running')));

-- A segment carries its job's place, so that the next one is found by index however many wait.
ALTER TABLE segments
    ADD COLUMN queue    text        NOT NULL GENERATED ALWAYS AS (
        CASE WHEN kind IN ('film', 'keyframes') THEN 'video'
             WHEN kind IN ('pictures', 'picture') THEN 'paintings'
             ELSE 'control' END) STORED,
    ADD COLUMN priority int         NOT NULL DEFAULT 0,
    ADD COLUMN due_at   timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN lease_s    double precision NOT NULL DEFAULT 60,  -- its holder's: who sweeps goes by that
    ADD COLUMN waits      int         NOT NULL DEFAULT 0,    -- how often it was put off because a server was away
    ADD COLUMN not_before timestamptz,                       -- and until when
    ADD COLUMN avoided_by text[]      NOT NULL DEFAULT '{}', -- by which hosts: others may take it at once
    ADD COLUMN log      text[]      NOT NULL DEFAULT '{}';  -- the last lines that its worker logged, with each heartbeat
UPDATE segments AS s SET priority = j.priority, due_at = j.due_at FROM jobs AS j WHERE j.id = s.job_id;
CREATE INDEX segments_next ON segments (queue, priority DESC, due_at, job_id, number) WHERE state = 'queued';
CREATE INDEX segments_put_off ON segments (queue) WHERE state = 'queued' AND not_before IS NOT NULL AND sent_at IS NULL;
CREATE INDEX segments_sent ON segments (queue, sent_at) WHERE state = 'queued' AND sent_at IS NOT NULL;

-- Every attempt that did not end well.
CREATE TABLE failures (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    segment_id bigint      NOT NULL REFERENCES segments ON DELETE CASCADE,
    attempt    int         NOT NULL,
    worker     text,
    reason     text        NOT NULL                    -- silent: its worker was killed, or heard no more
               CHECK (reason IN ('silent', 'decoder', 'refused', 'unavailable', 'memory', 'bug')),
    error      text        NOT NULL,
    log        text[]      NOT NULL DEFAULT '{}',
    at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX failures_segment ON failures (segment_id);

-- Who runs `r2r beat`, and when each swept last.
CREATE TABLE beats (
    host     text        PRIMARY KEY,
    swept_at timestamptz NOT NULL
);
