//! `image-gate` against a real Docker engine. Where none can be started the tests say that they are skipped, and why.

mod elsewhere;
mod example;
mod health;
mod in_its_image;
mod left_behind;
mod pipeline;
mod push;
mod run;
mod signals;
mod stand;
mod wrong;
