//! Reports of all kinds, whole and broken.

use super::*;

fn shown(text: &str) -> Result<(Kind, String), Reason> {
    let kind = kind_of(text)?;
    Ok((kind, kind.percent(text)?.to_string()))
}

fn cobertura(attributes: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" ?>\n<!DOCTYPE coverage SYSTEM 'http://cobertura.sourceforge.net/xml/coverage-04.dtd'>\n\
         <!-- made by a test -->\n<coverage {attributes}><packages>{body}</packages></coverage>\n"
    )
}

const LINE: &str = "<line number=\"1\" hits=\"1\"/>";

#[test]
fn cobertura_is_exact_where_it_has_counts() {
    for (attributes, body, percent) in [
        ("line-rate=\"0.875\" lines-covered=\"7\" lines-valid=\"8\"", LINE, "87.5%"),
        // coverage.py writes 1 for 99999 of 100000.
        ("line-rate=\"1\" lines-covered=\"99999\" lines-valid=\"100000\"", LINE, "99.9%"),
        ("line-rate='0.57'", LINE, "57%"),
        ("line-rate=\"1.0\" branch-rate=\"0\"", LINE, "100%"),
        ("line-rate=\"0\"", LINE, "0%"),
        ("line-rate=\"5e-1\"", LINE, "50%"),
        ("line-rate=\"0.333333333333\"", LINE, "33.3%"),
        ("line-rate=\"0.8\" lines-covered=\"0\" lines-valid=\"0\"", LINE, "80%"),
        ("line-rate=\"0.875\"", "", "87.5%"),
    ] {
        assert_eq!(
            shown(&cobertura(attributes, body)),
            Ok((Kind::Cobertura, percent.to_owned())),
            "{attributes}"
        );
    }
}

#[test]
fn a_report_that_measured_nothing_is_no_hundred_percent() {
    for text in [
        cobertura("line-rate=\"1\" lines-covered=\"0\" lines-valid=\"0\"", ""),
        cobertura("line-rate=\"0.5\" lines-covered=\"0\" lines-valid=\"0\"", ""),
        cobertura("line-rate=\"0\"", ""),
        cobertura("line-rate=\"NaN\"", ""),
        "<report name=\"x\"/>".to_owned(),
        "<report name=\"x\"><counter type=\"LINE\" missed=\"0\" covered=\"0\"/></report>".to_owned(),
        "{\"totals\": {\"percent_covered\": 100.0, \"num_statements\": 0}}".to_owned(),
        "TN:\nSF:a.c\nend_of_record\n".to_owned(),
        "TN:\n".to_owned(),
    ] {
        assert_eq!(shown(&text), Err(Reason::Nothing), "{text}");
    }
}

#[test]
fn jacoco_counts_the_lines_of_the_whole_report() {
    let report = |counters: &str| {
        format!(
            "<?xml version=\"1.0\"?><!DOCTYPE report PUBLIC \"-//JACOCO//DTD Report 1.1//EN\" \"report.dtd\">\
             <report name=\"x\"><package name=\"p\"><counter type=\"LINE\" missed=\"9\" covered=\"1\"/></package>{counters}</report>"
        )
    };
    for (counters, percent) in [
        (
            "<counter type=\"INSTRUCTION\" missed=\"1\" covered=\"1\"/><counter type=\"LINE\" missed=\"1\" covered=\"7\"/>",
            "87.5%",
        ),
        ("<counter type=\"INSTRUCTION\" missed=\"1\" covered=\"1\"/>", "50%"),
        ("<counter type=\"LINE\" missed=\"0\" covered=\"3\"></counter>", "100%"),
    ] {
        assert_eq!(shown(&report(counters)), Ok((Kind::Jacoco, percent.to_owned())), "{counters}");
    }
}

#[test]
fn coverage_py_says_it_in_its_totals() {
    for (text, percent) in [
        (
            r#"{"meta": {"version": "7.6"}, "files": {}, "totals": {"covered_lines": 7, "num_statements": 8, "percent_covered": 87.5, "percent_covered_display": "88"}}"#,
            "87.5%",
        ),
        (r#"{"totals": {"percent_covered": 66.66666666666667}}"#, "66.6%"),
        (r#" {"totals": {"percent_covered": 99.99, "num_statements": 10000}}"#, "99.9%"),
        (r#"{"totals": {"percent_covered": 100}}"#, "100%"),
    ] {
        assert_eq!(shown(text), Ok((Kind::CoveragePy, percent.to_owned())), "{text}");
    }
}

#[test]
fn lcov_merges_the_records_of_a_file() {
    for (text, percent) in [
        ("TN:\nSF:a.c\nFN:1,main\nFNDA:1,main\nDA:1,1\nDA:2,0\nLF:2\nLH:1\nend_of_record\n", "50%"),
        (
            "SF:a.c\r\nDA:1,1\r\nDA:2,0,hash==\r\nend_of_record\r\nSF:a.c\r\nDA:2,5\r\nend_of_record\r\n",
            "100%",
        ),
        ("# a comment\nTN:x\nSF:a.c\nLF:8\nLH:7\nend_of_record", "87.5%"),
        ("SF:a.c\nLF:8\nLH:7\nend_of_record\nSF:b.c\nLF:0\nLH:0\nend_of_record\n", "87.5%"),
        ("SF:a.c\nDA:1,-5\nend_of_record\n", "100%"),
    ] {
        assert_eq!(shown(text), Ok((Kind::Lcov, percent.to_owned())), "{text}");
    }
}

#[test]
fn what_is_none_of_them_is_named() {
    for (text, told) in [
        ("", "the file is empty"),
        (" \n\t", "the file is empty"),
        ("<html><body/></html>", "root is <html>"),
        ("<coverage generated=\"1\"><project/></coverage>", "no line-rate, such as Clover's"),
        ("{\"total\": {\"lines\": {\"pct\": 87.5}}}", "JSON without a number totals.percent_covered"),
        ("[[{\"percent_covered\": 5}]]", "JSON without a number totals.percent_covered"),
        ("{\"correctCount\": 2, \"percent\": 40, \"totalCount\": 5}", "what type-coverage writes"),
        ("Name  Stmts  Miss  Cover\nTOTAL  8  1  88%\n", "text of another kind"),
        ("87.5", "text of another kind"),
    ] {
        let reason = shown(text).unwrap_err().to_string();
        assert!(reason.contains(told), "{text}: {reason}");
    }
}

#[test]
fn broken_reports_are_refused() {
    let whole = cobertura("line-rate=\"0.875\"", LINE);
    let cut = |at: usize| whole[..at].to_owned();
    for (text, told) in [
        (cut(whole.len() - 3), "not well-formed: line 4"),
        (cut(whole.len() - 12), "ends before its elements do"),
        (cut(whole.find("<coverage").unwrap()), "has no element"),
        (format!("{whole} OK"), "more than white space follows"),
        (format!("{whole}{whole}"), "more than one XML document"),
        (cobertura("line-rate=\"NaN\"", LINE), "line-rate=\"NaN\" is no number from 0 to 1"),
        (cobertura("line-rate=\"87.5\"", LINE), "line-rate=\"87.5\" is no number from 0 to 1"),
        (cobertura("line-rate=\"-0.1\"", LINE), "line-rate=\"-0.1\" is no number"),
        (cobertura("line-rate=\"inf\"", LINE), "line-rate=\"inf\" is no number"),
        (cobertura("line-rate=\"\"", LINE), "line-rate=\"\" is no number"),
        (cobertura("line-rate=\"1\" lines-covered=\"9\" lines-valid=\"8\"", LINE), "9 of 8 lines"),
        (
            cobertura("line-rate=\"1\" lines-covered=\"x\" lines-valid=\"8\"", LINE),
            "lines-covered=\"x\" is no whole number",
        ),
        ("<report><counter type=\"LINE\" covered=\"1\"/></report>".to_owned(), "lacks 'missed'"),
        ("<report><counter type=\"LINE\" missed=\"-1\" covered=\"1\"/></report>".to_owned(), "missed=\"-1\""),
        ("{\"totals\": {\"percent_covered\": 87.5".to_owned(), "its JSON ends in the middle, in line 1"),
        ("{\"totals\": {\"percent_covered\": NaN}}".to_owned(), "not well-formed JSON"),
        ("{\"totals\": {\"percent_covered\": 140}}".to_owned(), "140 is no number from 0 to 100"),
        ("TN:\nSF:a.c\nDA:1,1\n".to_owned(), "its record of 'a.c' has no end_of_record"),
        ("SF:a.c\nDA:1\nend_of_record\n".to_owned(), "line 2 is no line of lcov's: 'DA:1'"),
        ("SF:a.c\nDA:1,NaN\nend_of_record\n".to_owned(), "line 2"),
        ("SF:a.c\nSF:b.c\nend_of_record\n".to_owned(), "line 2"),
        ("SF:a.c\nLF:1\nLH:2\nend_of_record\n".to_owned(), "2 of 1 lines"),
        ("SF:a.c\nend_of_rec".to_owned(), "line 2 is no line of lcov's: 'end_of_rec'"),
    ] {
        let reason = shown(&text).unwrap_err();
        assert!(matches!(reason, Reason::Malformed(_)), "{reason:?}");
        assert!(reason.to_string().contains(told), "{text}: {reason}");
    }
}

#[test]
fn entities_are_not_expanded() {
    let laughs: String = (1..30)
        .map(|n| format!("<!ENTITY e{n} \"&e{0};&e{0};&e{0};&e{0};&e{0};&e{0};&e{0};&e{0};\">", n - 1))
        .collect();
    let text = format!(
        "<!DOCTYPE coverage [<!ENTITY e0 \"ha\">{laughs}<!ENTITY f SYSTEM \"file:///etc/passwd\">]>\
         <coverage line-rate=\"0.5\"><sources>&e29;&f;</sources>{LINE}</coverage>"
    );
    assert_eq!(shown(&text), Ok((Kind::Cobertura, "50%".to_owned())));
    let text = text.replace("\"0.5\"", "\"&e29;\"");
    assert!(matches!(shown(&text), Err(Reason::Malformed(_))));
}

#[test]
fn the_colours_are_those_of_anybadge() {
    for (value, expected) in [
        (0.0, Color::RED),
        (49.9, Color::RED),
        (50.0, Color::ORANGE),
        (60.0, Color::YELLOW),
        (80.0, Color::GREEN),
        (100.0, Color::GREEN),
    ] {
        assert_eq!(color(Percent::new(value).unwrap()).unwrap(), expected, "{value}");
    }
}

#[test]
fn percentages_are_cut_off() {
    for (part, whole, shown) in
        [(0, 1, "0%"), (1, 3, "33.3%"), (2, 3, "66.6%"), (999_999, 1_000_000, "99.9%"), (1, 1, "100%")]
    {
        assert_eq!(Percent::of(part, whole).unwrap().to_string(), shown);
    }
    assert_eq!(Percent::of(2, 1), None);
    assert_eq!(Percent::of(0, 0), None);
    for tenths in 0..=1_000_u16 {
        let shown = format!("{}.{}", tenths / 10, tenths % 10);
        assert_eq!(Percent::new(shown.parse().unwrap()), Some(Percent { tenths }), "{shown}");
    }
    for value in [f64::NAN, f64::INFINITY, -0.1, 100.1] {
        assert_eq!(Percent::new(value), None, "{value}");
    }
}
