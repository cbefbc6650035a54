-- Lanes that an alarm stopped: only an operator's command lets one run again, whatever resets the card in between.

CREATE TABLE held_lanes (
    card            TEXT NOT NULL CHECK (length(card) > 0),
    lane            INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    alarms          TEXT NOT NULL CHECK (length(alarms) > 0),
    since           INTEGER NOT NULL CHECK (since >= 0),
    PRIMARY KEY (card, lane)
) STRICT;
