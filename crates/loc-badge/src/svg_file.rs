//! The file a badge is drawn into.

use std::path::Path;

use badge::Badge;
use contract::Failure;
use contract::file::{self, Replaced};
use tracing::info;

/// Draws `badge` into the file at `path`, or says that it would.
pub(crate) fn write(path: &Path, badge: &Badge, dry_run: bool) -> Result<(), Failure> {
    let shown = path.display();
    if dry_run {
        info!("would write the badge to {shown}");
        return Ok(());
    }
    match file::replace(path, badge.render().as_bytes()) {
        Ok(Replaced::Written) => info!("wrote the badge to {shown}"),
        Ok(Replaced::Unchanged) => info!("the badge in {shown} is up to date"),
        Err(error) => {
            return Err(Failure::failed(format!("cannot write the badge to '{shown}'"))
                .because(error)
                .hint("--output needs a file name in a folder that exists and can be written to"));
        }
    }
    Ok(())
}
