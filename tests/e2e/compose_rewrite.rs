//! `compose-rewrite` as its users run it.
