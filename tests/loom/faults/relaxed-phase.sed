# a_thread_gets_every_slot_once_in_order_and_is_woken: left == right
# in dma.rs
# The phase is loaded without acquire: what the card wrote before it may not be there yet.
s/load(Ordering::Acquire)/load(Ordering::Relaxed)/
