//! How far long work is: a bar on a terminal, a line now and then in a log, nothing with `-q`.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// Work that ends sooner shows no bar: a flash tells nobody anything.
const PATIENCE: Duration = Duration::from_millis(300);
/// In a log, where nothing can be drawn over, a line comes this often.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// All bars of the process. Lines on stderr are written above them.
static BARS: OnceLock<MultiProgress> = OnceLock::new();

/// Work of many items, and of many bytes where they count. Clones speak of the same work; the bar goes with the last.
#[derive(Clone)]
pub struct Progress(Arc<Mutex<State>>);

struct State {
    noun: &'static str,
    items: Count,
    bytes: Count,
    begun: Instant,
    told: Instant,
    bar: Option<ProgressBar>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    done: u64,
    all: u64,
}

impl Progress {
    /// Work of `items`, which are called `noun` in the plural, and of `bytes` in all; 0 where bytes do not count.
    pub fn new(noun: &'static str, items: u64, bytes: u64) -> Self {
        let now = Instant::now();
        let items = Count { done: 0, all: items };
        let bytes = Count { done: 0, all: bytes };
        Self(Arc::new(Mutex::new(State { noun, items, bytes, begun: now, told: now, bar: None })))
    }

    /// One more item is done.
    pub fn item(&self) {
        self.change(|state| state.items.done += 1);
    }

    /// So many bytes more are done.
    pub fn advance(&self, bytes: u64) {
        self.change(|state| state.bytes.done += bytes);
    }

    /// So many bytes were done in vain.
    pub fn retreat(&self, bytes: u64) {
        self.change(|state| state.bytes.done = state.bytes.done.saturating_sub(bytes));
    }

    /// So many bytes need not be done after all.
    pub fn spare(&self, bytes: u64) {
        self.change(|state| state.bytes.all = state.bytes.all.saturating_sub(bytes));
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        state.show();
    }
}

impl State {
    fn show(&mut self) {
        if self.begun.elapsed() < PATIENCE || !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        let bars =
            BARS.get_or_init(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)));
        if bars.is_hidden() {
            if self.told.elapsed() >= HEARTBEAT {
                self.told = Instant::now();
                tracing::info!("{}", self.line());
            }
            return;
        }
        let text = self.items_text();
        let weighed = self.bytes.all > 0;
        let count = if weighed { self.bytes } else { self.items };
        let elapsed = self.begun.elapsed();
        let bar = self.bar.get_or_insert_with(|| bars.add(ProgressBar::new(count.all).with_elapsed(elapsed)));
        bar.set_style(style(weighed));
        bar.set_length(count.all);
        bar.set_position(count.done);
        bar.set_message(text);
    }

    fn items_text(&self) -> String {
        format!("{} of {} {}", self.items.done, self.items.all, self.noun)
    }

    fn line(&self) -> String {
        if self.bytes.all == 0 {
            return format!("{} so far", self.items_text());
        }
        format!("{}, {} of {} so far", self.items_text(), size(self.bytes.done), size(self.bytes.all))
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

const OF_BYTES: &str = "  {bar:32} {size:>18}  {decimal_bytes_per_sec:>12}  {msg}  {eta} left";
const OF_ITEMS: &str = "  {bar:32} {msg}";

/// The look of a bar. Bytes have a speed and a time left, items only a share.
fn style(bytes: bool) -> ProgressStyle {
    let template = if bytes { OF_BYTES } else { OF_ITEMS };
    // The template is ours: that it parses is tested below.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("━╸─").with_key("size", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let text = format!("{} of {}", size(state.pos()), size(state.len().unwrap_or_default()));
        // Writing to a String cannot fail.
        let _ = out.write_str(&text);
    })
}

/// A number of bytes as people read it, in powers of ten: `812 bytes`, `3.4 MB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut number = bytes as f64 / 1000.0;
    let mut unit = 0;
    while number >= 999.5 && unit + 1 < UNITS.len() {
        number /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(number < 99.95);
    format!("{number:.digits$} {}", UNITS[unit])
}

/// stderr, with bars kept below what is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AboveBars;

impl Write for AboveBars {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let write = || io::stderr().lock().write(data);
        match BARS.get() {
            Some(bars) if !bars.is_hidden() => bars.suspend(write),
            _ => write(),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_people_read_them() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (99_949, "99.9 kB"),
            (99_950, "100 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (2_599_000_000, "2.6 GB"),
            (u64::MAX, "18447 PB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn the_templates_parse() {
        for template in [OF_BYTES, OF_ITEMS] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn a_log_gets_a_line_with_items_and_bytes() {
        let progress = Progress::new("blobs", 22, 3_000_000);
        progress.item();
        progress.advance(1_500_000);
        progress.advance(500_000);
        progress.retreat(500_000);
        progress.spare(1_000_000);
        let line = progress.0.lock().unwrap().line();
        assert_eq!(line, "1 of 22 blobs, 1.5 MB of 2.0 MB so far");
        assert_eq!(Progress::new("images", 9, 0).0.lock().unwrap().line(), "0 of 9 images so far");
    }
}
