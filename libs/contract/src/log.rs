//! What people read while a tool works: one plain line per event on stderr, `tool: message`.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::args::Common;
use crate::output::printable;
use crate::redact::redact;

/// Starts logging to stderr: stages and warnings by default, decisions with `-v`, everything with `-vv`, nothing with `-q`.
pub(crate) fn install(tool: &str, common: &Common) {
    let level = match (common.verbose, common.quiet) {
        (0, true) => LevelFilter::OFF,
        (0, false) => LevelFilter::INFO,
        (1, _) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let lines = Lines { prefix: tool.to_owned(), crate_name: tool.replace('-', "_") };
    let subscriber =
        tracing_subscriber::fmt().with_max_level(level).with_writer(writer).event_format(lines).finish();
    // A test that calls a tool twice in one process has a subscriber already.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

#[cfg(feature = "progress")]
fn writer() -> impl std::io::Write {
    crate::progress::AboveBars
}

#[cfg(not(feature = "progress"))]
fn writer() -> impl std::io::Write {
    std::io::stderr()
}

struct Lines {
    prefix: String,
    crate_name: String,
}

impl Lines {
    /// Only our own crates speak: an HTTP library's debug output may hold what we must not show.
    fn is_ours(&self, metadata: &Metadata<'_>) -> bool {
        let name = metadata.target().split("::").next().unwrap_or_default();
        name.starts_with("pypelines_") || name == self.crate_name
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if !self.is_ours(event.metadata()) {
            return Ok(());
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        let mark = match *event.metadata().level() {
            Level::WARN => "warning: ",
            Level::ERROR => "error: ",
            _ => "",
        };
        writeln!(writer, "{}: {mark}{}", self.prefix, printable(&redact(&message.0)))
    }
}

/// Collects the message, then `name=value` for each field.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        use fmt::Write;
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}
