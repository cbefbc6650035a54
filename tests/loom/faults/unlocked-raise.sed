# an_interrupt_wakes_a_thread_and_a_task: deadlock
# in transport/mod.rs
# An interrupt is raised without the lock: it falls between a waiter's look and his sleep.
/let _seen = self\.seen\.lock()/d
