//! How a registry wants to be asked.

mod challenge;
mod token;

pub(crate) use challenge::Challenge;
pub(crate) use token::{Token, TokenServer};
