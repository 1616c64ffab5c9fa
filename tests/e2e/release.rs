//! `release` as its users run it.
