//! `versioner` as its users run it.
