//! SVG badges: a label, a message and a colour.
//!
//! What is here is how a badge looks: geometry, colours, text, accessibility, and which colour a value deserves. What it
//! says (a count, a coverage, a version) is its caller's business. Geometry and palette are those of badge-maker 6
//! (<https://github.com/badges/shields/tree/master/badge-maker>), so that ours stand beside theirs unnoticed.
//!
//! ```
//! use pypelines_badge::{Badge, Comparison, Style, Thresholds};
//!
//! let scale = ["50=red", "80=yellow", "100=green"].map(|step| step.parse().unwrap());
//! let scale = Thresholds::new(&scale, Comparison::Exclusive).unwrap();
//! let svg = Badge::new("coverage", "87.5%")
//!     .color(scale.color_of("87.5%").unwrap())
//!     .style(Style::FlatSquare)
//!     .render();
//! assert!(svg.contains("<title>coverage: 87.5%</title>"));
//! assert!(svg.contains("#67ac09"));
//! ```

mod badge;
mod color;
mod draw;
mod ids;
mod link;
mod logo;
mod number;
mod style;
mod text;
mod threshold;
mod width;

pub use badge::Badge;
pub use color::{Color, ColorError};
pub use link::{Link, LinkError};
pub use logo::{Logo, LogoError};
pub use number::{human, number};
pub use style::{Style, StyleError};
pub use threshold::{Comparison, Threshold, ThresholdError, Thresholds};
