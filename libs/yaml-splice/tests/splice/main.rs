//! The public face of the crate, as its users call it.

mod edits;
mod every_edit;
mod properties;
mod reading;
