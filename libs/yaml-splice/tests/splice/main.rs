//! The public face of the crate, as its users call it.

mod edits;
mod properties;
mod reading;
