//! Versions, precedence and image tag rules.
