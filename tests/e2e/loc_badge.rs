//! `loc-badge` as its users run it.
