//! Admission rule: a thing belongs here only if **every** tool promises it to its users, and it needs neither the
//! network nor a word of any tool's domain.
//!
//! The promises themselves are listed in `docs/exit-codes.md` and `docs/configuration.md`; this crate is the one place
//! where they are code: how a command line is read ([`Tool`], [`args`]), how a run ends ([`Exit`], [`Failure`]), where
//! output goes ([`output`]), what is never shown ([`Secret`], [`redact`]) and how files are written ([`file`]).

pub mod args;
pub mod clock;
mod exit;
mod failure;
pub mod file;
mod log;
pub mod output;
#[cfg(feature = "progress")]
pub mod progress;
pub mod redact;
mod secret;
mod tool;

pub use exit::Exit;
pub use failure::{Explain, Failure};
pub use secret::Secret;
pub use tool::{Tool, command, main, run};
