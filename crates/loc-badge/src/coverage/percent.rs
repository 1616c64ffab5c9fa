//! Percentages as a badge shows them.

use std::fmt;

/// A share in percent with one decimal, cut off: what is not complete does not show as 100 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Percent {
    pub(super) tenths: u16,
}

impl Percent {
    /// The share of `part` in `whole`; `None` if there is no whole, or the part is larger.
    pub(crate) fn of(part: u64, whole: u64) -> Option<Self> {
        if whole == 0 || part > whole {
            return None;
        }
        let tenths = u128::from(part) * 1_000 / u128::from(whole);
        u16::try_from(tenths).ok().map(|tenths| Self { tenths })
    }

    /// From a number between 0 and 100; `None` for any other, and for NaN.
    pub(crate) fn new(value: f64) -> Option<Self> {
        // What decimals lose in binary is far less than this, and what a report rounds off far more.
        const LOST: f64 = 1e-9;
        let tenths = (value * 10.0 + LOST).floor();
        // NaN is in no range.
        (0.0..=1_000.0).contains(&tenths).then_some(Self { tenths: tenths as u16 })
    }

    /// As a number.
    pub(crate) fn value(self) -> f64 {
        f64::from(self.tenths) / 10.0
    }
}

/// `87.5%`, `100%`.
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.value())
    }
}
