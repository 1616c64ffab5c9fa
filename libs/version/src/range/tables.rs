//! What is in a range and what is not, a row per rule.

use super::*;

/// Range | what is in it | what is not. The rules of Masterminds/semver.
const MASTERMINDS: &str = "
                                    | 0.0.0 1.0.0 4.5.6                | 1.2.3-alpha.1
*                                   | 0.0.0 1.2.3 99.0.0+x             | 1.2.3-alpha.1
1.2.3                               | 1.2.3 1.2.3+b                    | 1.2.4 1.2.3-rc.1
=1.2.3                              | 1.2.3                            | 1.2.2
2                                   | 2.0.0 2.9.9                      | 1.9.9 3.0.0 2.1.0-rc.1
2.0                                 | 2.0.0 2.0.1                      | 2.1.0
=2.x                                | 2.0.0 2.7.1                      | 3.0.0
v1.2                                | 1.2.9                            | 1.3.0
!=4.1.0                             | 4.1.1 5.0.0                      | 4.1.0 4.1.1-rc.1
!=4.1                               | 4.0.9 4.2.0 5.1.0                | 4.1.0 4.1.1
!=4.x                               | 5.1.0 3.9.9                      | 4.0.0 4.9.1
!=4.1-alpha                         | 4.1.0 4.1.7 4.1.7-beta           | 4.1.0-alpha 4.1.7-alpha
>11                                 | 12.0.0                           | 11.0.0 11.1.0
>11.1                               | 11.2.0 12.0.0                    | 11.1.0 11.1.9
>1.2.3-alpha.1                      | 1.2.3-alpha.2 1.3.3-alpha.2 1.2.3 | 1.2.3-alpha.1
>0-0                                | 1.0.0                            | 0.0.1-alpha 0.9.0
<11                                 | 10.9.9                           | 11.0.0 11.0.0-rc.1
<1.1                                | 1.0.9                            | 1.1.0
<1.1.x                              | 1.0.9                            | 1.1.0 1.1.500
<=11                                | 11.2.3 11.0.0 1.0.0              | 12.0.0
<=1.1                               | 1.1.9 0.1.0                      | 1.2.0
=<1.1.1                             | 1.1.1                            | 1.1.2
>=1.1                               | 1.1.0 4.1.0                      | 1.0.9 4.1.0-beta
=>1.1                               | 1.1.0                            | 1.0.0
>=0-0                               | 0.0.1-alpha 0.0.0-0 2.0.0        |
>=0.0.0-0                           | 3.4.5-beta.1                     |
*-0                                 | 1.2.3-alpha.1 1.2.3              |
~1                                  | 1.0.0 1.9.9                      | 2.0.0
~1.2                                | 1.2.0 1.2.9                      | 1.3.0 1.1.9
~>1.2.3                             | 1.2.3 1.2.9                      | 1.3.0 1.2.2
~ 1.2.3                             | 1.2.4                            | 1.3.0
~1.2.3-beta.2                       | 1.2.4-beta.2 1.2.3-beta.4 1.2.3  | 1.2.3-beta.1 1.3.0
~0.0                                | 0.0.28                           | 0.1.0
~0.0.0                              | 0.0.0 1.2.3                      |
~*                                  | 2.1.1                            | 2.1.1-rc.1
^1.2.3                              | 1.2.3 1.9.0                      | 2.0.0 1.2.2 2.0.0-rc1 1.2.4-rc.1
^1.x                                | 1.0.0 1.9.0                      | 2.0.0 1.1.1-beta1
^0.2.3                              | 0.2.3 0.2.9                      | 0.3.0 0.2.2
^0.0.3                              | 0.0.3                            | 0.0.4
^0.0.1                              | 0.0.1                            | 0.0.28
^0.0                                | 0.0.3                            | 0.1.0
^0                                  | 0.2.3                            | 1.0.0
^1.2.0-alpha.0                      | 1.2.0-alpha.1 1.2.1-alpha.1      | 2.0.0
^0.2.3-beta.2                       | 0.2.4-beta.2                     | 0.3.0
^*                                  | 0.0.0                            | 1.2.3
1.1 - 2                             | 1.1.0 2.9.9                      | 3.0.0 1.0.0
1.0.0 - 2.0.0 <=2.0.0               | 1.5.0                            | 2.0.1
1.0.0 - 2.0.0, !=1.5.0              | 1.4.0                            | 1.5.0
1.1-3                               | 1.1.0-3 1.1.5                    | 4.3.2 1.1.0-2
>=1.1, <2, !=1.2.3                  | 1.1.1                            | 1.2.3 2.0.0
>=1.1,<2                            | 1.1.1                            | 2.0.0
>=1.1 , <2                          | 1.1.1                            | 2.0.0
>= 1.1 <2 || > 3                    | 1.1.1 4.1.2                      | 2.5.0 3.0.0
>= 1.0.0  <= 2.0.0-beta             | 1.0.1-beta                       | 2.0.0
>= 1.0.0  <= 2.0.0-beta || > 3      | 4.0.0                            | 3.0.1-beta 4.0.1-beta
>=1.0.0-name.0 <=1.0.0-name.9999    | 1.0.0-name.27 1.0.0-name.5.hotfix | 1.0.0 1.0.0-name.10000
>=18.20.0-infitx.0 <=18.99.0-infitx.9999 | 18.21.0-infitx.3 18.21.0    | 18.99.0 18.19.0
";

/// The same for npm's rules.
const NODE: &str = "
                                    | 1.0.0                            | 1.0.0-rc.1
*                                   | 0.0.0 1.2.3                      | 1.2.3-alpha.1
1.2.3                               | 1.2.3                            | 1.2.4
2.1                                 | 2.1.0 2.1.9                      | 2.2.1
1.x || >=2.5.0 || 5.0.0 - 7.2.3     | 1.9.0 2.6.0 6.0.0                | 2.4.0
>=1.2.1 1.2.3                       | 1.2.3                            | 1.2.4
~1.2.1 >=1.2.3                      | 1.2.3                            | 1.2.2
>1                                  | 2.0.0                            | 1.9.0
<=1.1                               | 1.1.9                            | 1.2.0
<1.x                                | 0.9.9                            | 1.0.0 1.0.0-rc.1
>x                                  |                                  | 0.0.0 1.0.0
~*                                  | 2.1.1                            |
^*                                  | 1.2.3                            |
~0.0.0                              | 0.0.9                            | 1.2.3
~ 1.0                               | 1.0.2                            | 1.1.0
~>1.2.3                             | 1.2.5                            | 1.3.0
^1.2.3+build                        | 1.3.0                            | 2.0.0
^0.2.3                              | 0.2.9                            | 0.3.0
^0.0.3                              | 0.0.3                            | 0.0.4
^0.0                                | 0.0.3                            | 0.1.0
^1.0.0                              | 1.52.0                           | 2.0.0-rc1 2.0.0
^1.2.0-alpha.0                      | 1.2.0-alpha.1 1.2.0              | 1.2.1-alpha.1
~1.2.3-beta.2                       | 1.2.3-beta.4                     | 1.2.4-beta.2
1 - 2                               | 1.0.0 2.9.9                      | 2.0.0-pre 3.0.0
1.0.0 - x                           | 1.9.7 9.0.0                      | 0.9.0
1.2.3-pre+asdf - 2.4.3-pre+asdf     | 1.2.3-pre.2 2.4.3-alpha          | 2.4.3
>=1.0.0 <1.1.0                      | 1.0.9                            | 1.1.0-pre 1.1.0
>= v1.2.3                           | 1.2.3                            | 1.2.2
>=18.20.0-infitx.0 <=18.99.0-infitx.9999 | 18.21.0 18.20.0-infitx.3    | 18.21.0-infitx.3
";

/// Pre-releases counted too.
const MASTERMINDS_ALL: &str = "
*          | 1.2.3-alpha.1                 | 0.0.0-alpha
>11        | 12.0.0-rc.1                   | 11.1.0-rc.1
^1.1       | 1.2.0-rc.1                    | 1.1.0-rc.1 2.0.0-rc.1
!=4.1.0    | 4.1.0-rc.1                    | 4.1.0
<=1.1      | 1.1.1-rc.1                    | 1.2.0-rc.1
";

const NODE_ALL: &str = "
*          | 1.2.3-alpha.1                 |
1.1        | 1.1.0-a                       | 1.2.0-a
~1.1       | 1.1.0-a                       | 1.2.0-a
^0.0.3     | 0.0.3                         | 0.0.3-alpha 0.0.4-0
1.0 - 2    | 1.0.0-a 2.2.0-a               | 3.0.0-a
1.0.0 - 2.0.0 | 1.0.0-a 2.0.0              | 2.0.1-0
";

fn hold(table: &str, options: RangeOptions) {
    for row in table.lines().filter(|row| !row.trim().is_empty()) {
        let columns: Vec<_> = row.rsplitn(3, " |").map(str::trim).collect();
        let [out, within, text] = columns[..] else { panic!("three columns in {row}") };
        let range = Range::parse(text, options).unwrap_or_else(|error| panic!("{error}"));
        for (versions, expected) in [(within, true), (out, false)] {
            for version in versions.split_whitespace() {
                let version: Version = version.parse().unwrap();
                assert_eq!(range.matches(&version), expected, "{text} and {version}, {options:?}");
                assert_eq!(range.refusal(&version).is_none(), expected, "{text} and {version}");
            }
        }
    }
}

#[test]
fn ranges_hold_what_their_dialect_says() {
    let options = |dialect, prereleases| RangeOptions { dialect, prereleases, lenient: false };
    hold(MASTERMINDS, options(Dialect::Masterminds, false));
    hold(MASTERMINDS_ALL, options(Dialect::Masterminds, true));
    hold(NODE, options(Dialect::Node, false));
    hold(NODE_ALL, options(Dialect::Node, true));
}

#[test]
fn what_a_dialect_does_not_allow_is_refused() {
    let table = [
        (Dialect::Masterminds, "1.0 ||", "empty"),
        (Dialect::Masterminds, "||", "empty"),
        (Dialect::Masterminds, "latest", "'latest' is no version"),
        (Dialect::Masterminds, "1.2.3.4", "'1.2.3.4' is no version"),
        (Dialect::Masterminds, ">=", "without a version"),
        (Dialect::Masterminds, ">=1,", "comma"),
        (Dialect::Masterminds, ">=1<2", "'1<2' is no version"),
        (Dialect::Masterminds, ">=1.0 - 2.0", "hyphen"),
        (Dialect::Masterminds, "1.2.3-", "hyphen"),
        (Dialect::Masterminds, "1.2.3-01", "pre-release"),
        (Dialect::Masterminds, "^18446744073709551615", "largest"),
        (Dialect::Node, ">=1.1, <2", "'1.1,' is no version"),
        (Dialect::Node, "!=1.2.3", "'!=1.2.3' is no version"),
        (Dialect::Node, ">=0-0", "fewer than three"),
        (Dialect::Node, "*-0", "fewer than three"),
        (Dialect::Node, "01.2.3", "zero in front"),
        (Dialect::Node, "blerg", "no version"),
    ];
    for (dialect, text, expected) in table {
        let options = RangeOptions { dialect, ..RangeOptions::default() };
        let error = Range::parse(text, options).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn npms_loose_reading_leaves_out_what_it_cannot_read() {
    let options = RangeOptions { dialect: Dialect::Node, lenient: true, prereleases: false };
    let matches = |text: &str, version: &str| {
        Range::parse(text, options).unwrap().matches(&Version::lenient(version).unwrap())
    };
    assert!(matches("1.2.3pre - 2", "v1.2.3"));
    assert!(matches("~ 1.0.3alpha", "1.0.12"));
    assert!(matches("== 1.0.0 || foo", "1.0.0"));
    assert!(!matches("== 1.0.0 || foo", "2.0.0"));
    assert!(Range::parse("foo", options).is_err());
}

#[test]
fn a_refusal_says_why() {
    let table = [
        (">=1.4 <2", "2.1.0", "2.1.0 is not in >=1.4 <2: '<2' does not hold"),
        ("^1.4", "1.5.0-rc.1", "1.5.0-rc.1 is not in ^1.4: it is a pre-release, and '^1.4' names none"),
        ("1.x || 3", "2.0.0", "2.0.0 is not in 1.x || 3: '1.x' does not hold; '3' does not hold"),
        ("1.2 - 1.4", "1.5.0", "1.5.0 is not in 1.2 - 1.4: '1.2 - 1.4' does not hold"),
    ];
    for (text, version, expected) in table {
        let range = Range::parse(text, RangeOptions::default()).unwrap();
        assert_eq!(range.refusal(&version.parse().unwrap()).as_deref(), Some(expected));
    }
}
