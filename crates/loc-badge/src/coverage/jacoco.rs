//! JaCoCo XML: the root `report` holds counters for all that is in it
//! (<https://www.jacoco.org/jacoco/trunk/coverage/report.dtd>).

use super::xml::walk;
use super::{Percent, Reason};

pub(super) fn percent(text: &str) -> Result<Percent, Reason> {
    let (mut lines, mut instructions) = (None, None);
    walk(text, &mut |element| {
        // Further down are those of packages and classes.
        if element.depth != 1 || !element.is("counter") {
            return Ok(());
        }
        let counter = match element.attribute("type")?.as_deref() {
            Some("LINE") => &mut lines,
            Some("INSTRUCTION") => &mut instructions,
            _ => return Ok(()),
        };
        match (element.count("missed")?, element.count("covered")?) {
            (Some(missed), Some(covered)) => *counter = Some((covered, missed)),
            _ => return Err(Reason::Malformed("a counter lacks 'missed' or 'covered'".to_owned())),
        }
        Ok(())
    })?;
    // Classes compiled without debug information have no lines.
    let (covered, missed) = lines.or(instructions).ok_or(Reason::Nothing)?;
    let whole =
        covered.checked_add(missed).ok_or_else(|| Reason::Malformed("its counts overflow".to_owned()))?;
    Percent::of(covered, whole).ok_or(Reason::Nothing)
}
