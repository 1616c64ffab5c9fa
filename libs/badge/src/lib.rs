//! SVG badges.
