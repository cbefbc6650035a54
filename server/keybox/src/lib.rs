//! Key boxes: logistic-map orbits and their engines (spec 2-keybox §2.1).
#![forbid(unsafe_code)]
