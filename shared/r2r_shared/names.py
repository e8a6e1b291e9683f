"""Task and queue names: the contract between the command line and the workers."""

from __future__ import annotations

# Queues. A worker serves the ones it is told to.
CONTROL = "control"
VIDEO = "video"
PAINTINGS = "paintings"
TRAIN = "train"
QUEUES = (CONTROL, VIDEO, PAINTINGS, TRAIN)

# The one task: look at a segment row and do what it says.
WORK = "r2r.work"

# Kinds of segment rows and the queue that each is sent to.
FILM = "film"  # a span of a film: decode, cut into shots, measure keyframes
MATCH = "match"  # a whole film: score its keyframes against the collection
KEYFRAMES = "keyframes"  # stored keyframes: measure again under another profile
PICTURES = "pictures"  # stored paintings: measure
PICTURE = "picture"  # one picture a person asks about: measure, answer in the row
RANGES = "ranges"  # a profile: the ranges that the score divides by
SWITCH = "switch"  # a profile that has been filled: make it the active one
TRAINING = "train"  # a network from a collection's triplets
EVALUATION = "evaluate"  # a model against triplets, artists and films that it has not seen
QUEUE_OF = {
    **{FILM: VIDEO, KEYFRAMES: VIDEO},
    **{PICTURES: PAINTINGS, PICTURE: PAINTINGS},
    **{MATCH: CONTROL, RANGES: CONTROL, SWITCH: CONTROL},
    **{TRAINING: TRAIN, EVALUATION: TRAIN},
}
