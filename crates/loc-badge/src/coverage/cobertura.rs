//! Cobertura XML, as coverage.py, gcovr, coverlet, jest and many more write it.
//!
//! The root has `line-rate`, which writers round (coverage.py to four digits, so that 99.999 % is 1), and most give the
//! two counts as well, which are exact.

use super::xml::walk;
use super::{Percent, Reason};

#[derive(Default)]
struct Root {
    rate: Option<String>,
    covered: Option<u64>,
    valid: Option<u64>,
}

pub(super) fn percent(text: &str) -> Result<Percent, Reason> {
    let (mut root, mut has_lines) = (Root::default(), false);
    walk(text, &mut |element| {
        if element.depth == 0 {
            root.rate = element.attribute("line-rate")?;
            root.covered = element.count("lines-covered")?;
            root.valid = element.count("lines-valid")?;
        }
        has_lines |= element.is("line");
        Ok(())
    })?;
    match (root.covered, root.valid) {
        (Some(covered), Some(valid)) if valid > 0 => {
            let wrong = || Reason::Malformed(format!("it says that {covered} of {valid} lines are covered"));
            return Percent::of(covered, valid).ok_or_else(wrong);
        }
        _ => {}
    }
    let rate = root.rate.ok_or_else(|| {
        Reason::Unknown("an XML document whose root <coverage> has no line-rate, such as Clover's".to_owned())
    })?;
    let found = fraction(&rate);
    // Writers that measured nothing call that 1, 0 or NaN.
    let says_something = found.is_some_and(|percent| percent.value() > 0.0 && percent.value() < 100.0);
    if !has_lines && (root.valid == Some(0) || !says_something) {
        return Err(Reason::Nothing);
    }
    found.ok_or_else(|| Reason::Malformed(format!("its line-rate=\"{rate}\" is no number from 0 to 1")))
}

/// A number from 0 to 1 as a percentage. The point moves in the text: 0.57 times 100 is less than 57 in binary.
fn fraction(text: &str) -> Option<Percent> {
    let text = text.trim();
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None if is_decimal => (text, 0),
        None => return None,
    };
    format!("{mantissa}e{}", exponent.checked_add(2)?).parse().ok().and_then(Percent::new)
}
