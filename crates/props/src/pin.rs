//! `--require-digest`: a tag that was pushed anew is another image.

use std::io::Write;

use contract::Failure;
use contract::args::FormatArgs;
use registry::{Digest, Reference};

use crate::cli::PinArgs;
use crate::output;

impl PinArgs {
    /// The digest that is required, if what was found is another one.
    pub(crate) fn other_than(&self, found: &Digest) -> Option<&Digest> {
        self.require_digest.as_ref().filter(|required| *required != found)
    }

    /// Goes no further with another image than the required one, and says so.
    pub(crate) fn check(
        &self,
        image: &Reference,
        found: &Digest,
        format: FormatArgs,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        match self.other_than(found) {
            None => Ok(()),
            Some(required) => {
                output::another(image, found, required, format, out)?;
                Err(refusal(image, found, required))
            }
        }
    }
}

/// Why nothing was done.
pub(crate) fn refusal(image: &Reference, found: &Digest, required: &Digest) -> Failure {
    Failure::no(format!("{image} is {found}, and not {required}")).hint(
        "the tag was pushed anew since that digest was read; what holds for the one says nothing of the other",
    )
}
