# a_reset_under_the_consumer_leaves_him_nothing_stale: deadlock
# in ring/core.rs
# A slot of a ring that was taken away is read and given back in its next life.
s/state\.life == found\.life/state.life >= found.life/
