//! Unified diffs, as `patch` and `git apply -p0` read them.

use std::io::Write;

use contract::{Failure, output};
use similar::TextDiff;

/// Writes nothing when both are equal.
pub(crate) fn write(out: &mut dyn Write, name: &str, before: &[u8], after: &[u8]) -> Result<(), Failure> {
    let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
    if before == after {
        return Ok(());
    }
    let diff = TextDiff::from_lines(before.as_ref(), after.as_ref());
    let text = diff.unified_diff().header(name, name).to_string();
    output::bytes(out, text.as_bytes())
}
