//! JUnit's XML, as GitLab and others read it.

use std::fmt::Write as _;
use std::path::Path;

use contract::{Failure, file};

use super::report::{Outcome, Report, Step};

/// Writes the report to a file.
pub(super) fn write(path: &Path, image: &str, report: &Report) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| file::replace(path, document(image, report).as_bytes()))
        .map(drop)
        .map_err(|error| {
            let hint = file::advice(&error);
            Failure::failed(format!("cannot write the JUnit report to {}", path.display()))
                .because(error)
                .hint(hint)
        })
}

fn document(image: &str, report: &Report) -> String {
    let count =
        |wanted: &dyn Fn(&Outcome) -> bool| report.steps.iter().filter(|step| wanted(&step.outcome)).count();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\"",
        report.steps.len(),
        count(&|outcome| matches!(
            outcome,
            Outcome::Failed { .. } | Outcome::TimedOut | Outcome::Unhealthy(_)
        )),
        count(&|outcome| matches!(outcome, Outcome::Error(_) | Outcome::Interrupted(_))),
        count(&|outcome| matches!(outcome, Outcome::Skipped | Outcome::Nothing(_))),
        report.elapsed.as_secs_f64()
    );
    // Writing to a String cannot fail.
    let _ = writeln!(text, "<testsuites {counts}>\n  <testsuite name=\"{}\" {counts}>", escaped(image));
    for step in &report.steps {
        case(&mut text, image, step);
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn case(text: &mut String, image: &str, step: &Step) {
    let (name, seconds) = (escaped(&step.name), step.elapsed.as_secs_f64());
    let reason = escaped(step.reason().trim_start_matches(": "));
    let _ = writeln!(
        text,
        "    <testcase classname=\"{}\" name=\"{name}\" time=\"{seconds:.3}\">",
        escaped(image)
    );
    let _ = match &step.outcome {
        Outcome::Passed => Ok(()),
        Outcome::Skipped | Outcome::Nothing(_) => writeln!(text, "      <skipped message=\"{reason}\"/>"),
        Outcome::Error(_) | Outcome::Interrupted(_) => {
            writeln!(text, "      <error message=\"{reason}\">{}</error>", escaped(&step.log))
        }
        _ => writeln!(text, "      <failure message=\"{reason}\">{}</failure>", escaped(&step.log)),
    };
    if step.outcome == Outcome::Passed && !step.log.is_empty() {
        let _ = writeln!(text, "      <system-out>{}</system-out>", escaped(&step.log));
    }
    text.push_str("    </testcase>\n");
}

/// For text and attributes alike; what XML may not hold at all goes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\t' | '\n' => safe.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_report_is_xml_whatever_a_gate_prints() {
        let mut failed =
            Step::new("a<b", Outcome::Failed { code: 1, out_of_memory: false }, Duration::from_secs(2));
        failed.log = "\u{1b}[31m]]> & \"\u{0}\n".into();
        let report = Report {
            steps: vec![Step::new("p", Outcome::Passed, Duration::ZERO), failed, Step::skipped("s")],
            elapsed: Duration::from_secs(2),
        };
        let text = document("i&j", &report);
        assert!(text.contains("<testsuite name=\"i&amp;j\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"2.000\">"), "{text}");
        assert!(
            text.contains("<failure message=\"exit code 1\">[31m]]&gt; &amp; &quot;\n</failure>"),
            "{text}"
        );
        assert!(text.contains("name=\"a&lt;b\"") && text.contains("<skipped message=\"\"/>"), "{text}");
    }
}
