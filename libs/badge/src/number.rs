//! Numbers as people write them on badges.

/// What `text` says as a number: `87.5%`, `1_000`, `1.2k`, `-3`; `None` for anything else, such as `1.10.0`, `v2`, `1e3`
/// or `NaN`.
///
/// A percent sign only says what is counted: `87.5%` is 87.5. The letters `k`, `M` and `G` multiply by a thousand, a
/// million and a milliard.
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let text = text.strip_suffix('%').map_or(text, str::trim_end);
    let (digits, exponent) = match text.char_indices().next_back()? {
        (end, 'k' | 'K') => (&text[..end], 3),
        (end, 'M') => (&text[..end], 6),
        (end, 'G') => (&text[..end], 9),
        _ => (text, 0),
    };
    let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(digits);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let is_grouped = |group: &str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    if !whole.split('_').all(is_grouped) || !is_grouped(fraction) {
        return None;
    }
    // By its exponent, because 1.1 times 1000 may not be 1100 in binary.
    format!("{}e{exponent}", digits.replace('_', "")).parse().ok().filter(|number: &f64| number.is_finite())
}

/// A count in at most four characters where it is large: 999, 1k, 12.3k, 123k, 1.2M.
pub fn human(count: u64) -> String {
    const UNITS: [&str; 6] = ["k", "M", "G", "T", "P", "E"];
    if count < 1_000 {
        return count.to_string();
    }
    // In tenths of the unit, and in whole ones; rounded half up.
    let rounded = |scale: u128| (u128::from(count) + scale / 2) / scale;
    let (mut unit, mut scale) = (0, 1_000);
    // 999,500 is 1M and not 1000k.
    while rounded(scale) >= 1_000 {
        scale *= 1_000;
        unit += 1;
    }
    let (whole, tenths) = (rounded(scale), rounded(scale / 10));
    match tenths % 10 {
        _ if tenths >= 1_000 => format!("{whole}{}", UNITS[unit]),
        0 => format!("{}{}", tenths / 10, UNITS[unit]),
        tenth => format!("{}.{tenth}{}", tenths / 10, UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, value) in [
            ("0", 0.0),
            ("87.5%", 87.5),
            ("87.5 %", 87.5),
            ("1_000", 1_000.0),
            ("1_234_567.5", 1_234_567.5),
            ("1.2k", 1_200.0),
            ("1.1K", 1_100.0),
            ("2.3M", 2_300_000.0),
            ("4G", 4e9),
            ("-3", -3.0),
            ("+3", 3.0),
            (" 007 ", 7.0),
            ("1.10", 1.1),
        ] {
            assert_eq!(number(text), Some(value), "{text}");
        }
    }

    #[test]
    fn versions_and_words_are_no_numbers() {
        for text in [
            "", "%", "k", "-", ".", ".5", "5.", "1.10.0", "v1.10", "1e3", "NaN", "inf", "1__0", "_1", "1_",
            "1,000", "passing", "--1", "1.5.k", "12 345", "0x10", "½", "1.0-rc1", "m",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn large_counts_become_short() {
        for (count, shown) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1k"),
            (1_049, "1k"),
            (1_050, "1.1k"),
            (9_510, "9.5k"),
            (12_345, "12.3k"),
            (99_949, "99.9k"),
            (99_950, "100k"),
            (296_462, "296k"),
            (999_499, "999k"),
            (999_500, "1M"),
            (1_234_567, "1.2M"),
            (u64::MAX, "18.4E"),
        ] {
            assert_eq!(human(count), shown, "{count}");
        }
    }
}
