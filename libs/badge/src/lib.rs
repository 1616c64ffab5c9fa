//! SVG badges: a label, a message and a colour.
//!
//! What is here is how a badge looks: geometry, colours, text, accessibility. What it says (a count, a threshold, a
//! version) is its caller's business. Geometry and palette are those of badge-maker 6
//! (<https://github.com/badges/shields/tree/master/badge-maker>), so that ours stand beside theirs unnoticed.
//!
//! ```
//! use pypelines_badge::{Badge, Color};
//!
//! let svg = Badge::new("lines of code", "9510").color(Color::BLUE).render();
//! assert!(svg.contains("<title>lines of code: 9510</title>"));
//! ```

mod badge;
mod color;
mod flat;
mod ids;
mod text;
mod width;

pub use badge::Badge;
pub use color::{Color, ColorError};
