//! Passes on what a command prints, as it comes, from a thread of its own: a reader who stalls holds up the command, and
//! not us, who may have a signal to pass on.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use bytes::Bytes;
use contract::Failure;
use contract::output::Leaving;
use tokio::sync::{mpsc, oneshot};

use crate::mask::Masked;
use crate::signals::Listener;

/// How many pieces wait for their reader. The engine sends pieces of 32 KiB at most.
const WAITING: usize = 16;

/// How long the last pieces have when we were asked to end.
const MOMENT: Duration = Duration::from_millis(100);

/// Where a piece belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Out,
    Err,
}

/// A writer that a thread may have.
pub(crate) type Sink = Box<dyn Write + Send>;

/// The thread that writes.
pub(crate) struct Relay {
    sender: mpsc::Sender<(Side, Bytes)>,
    written: oneshot::Receiver<io::Result<()>>,
}

impl Relay {
    /// To these two, without the secrets.
    pub(crate) fn start(out: Sink, err: Sink, secrets: &[String]) -> Self {
        let (sender, mut receiver) = mpsc::channel(WAITING);
        let (mut out, mut err) = (Masked::new(out, secrets), Masked::new(err, secrets));
        let (tell, written) = oneshot::channel();
        let mut write = move || {
            while let Some((side, piece)) = receiver.blocking_recv() {
                let piece: Bytes = piece;
                match side {
                    Side::Out => out.write_all(&piece)?,
                    Side::Err => err.write_all(&piece)?,
                }
            }
            out.finish()?;
            err.finish()
        };
        std::thread::spawn(move || {
            // Who has left does not want to know.
            let _ = tell.send(write());
        });
        Self { sender, written }
    }

    /// Takes pieces.
    pub(crate) fn sender(&self) -> mpsc::Sender<(Side, Bytes)> {
        self.sender.clone()
    }

    /// Waits until all is written, or until we are asked to end: nobody may be reading any more.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) async fn finish(self, signals: &mut Listener) -> Result<(), Failure> {
        drop(self.sender);
        let written = tokio::select! {
            biased;
            written = self.written => written,
            _ = signals.end() => return Ok(()),
        };
        let written = written.unwrap_or_else(|_| Err(io::Error::other("the thread that writes broke off")));
        written.map_err(|error| Failure::failed("cannot pass on what the command prints").because(error))
    }

    /// Waits a moment: whoever was asked to end has no more time than that.
    pub(crate) async fn leave(self) {
        drop(self.sender);
        // Whether all was written matters to nobody any more.
        let _ = tokio::time::timeout(MOMENT, self.written).await;
    }
}

/// Our own standard output, past its lock.
pub(crate) fn standard_output() -> Result<Sink, Failure> {
    standard(io::stdout().as_fd())
}

/// Our own standard error.
pub(crate) fn standard_error() -> Result<Sink, Failure> {
    standard(io::stderr().as_fd())
}

fn standard(descriptor: std::os::fd::BorrowedFd<'_>) -> Result<Sink, Failure> {
    let descriptor = descriptor.try_clone_to_owned();
    let descriptor = descriptor.map_err(|error| Failure::failed("cannot write the output").because(error))?;
    Ok(Box::new(Leaving::new(File::from(descriptor))))
}

/// A writer that puts a name in front of every line, and writes whole lines only: several write to one place.
pub(crate) struct Named {
    inner: Sink,
    prefix: Vec<u8>,
    line: Vec<u8>,
}

/// A line that is longer is cut; who waits for its end waits for memory.
const LONGEST_LINE: usize = 64 * 1024;

impl Named {
    pub(crate) fn new(inner: Sink, name: &str) -> Self {
        Self { inner, prefix: format!("{name} | ").into_bytes(), line: Vec::new() }
    }

    fn put(&mut self) -> io::Result<()> {
        let mut whole = self.prefix.clone();
        whole.append(&mut self.line);
        whole.push(b'\n');
        self.inner.write_all(&whole)
    }
}

impl Write for Named {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        for piece in data.split_inclusive(|byte| *byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(end) => {
                    self.line.extend_from_slice(end);
                    self.put()?;
                }
                None => self.line.extend_from_slice(piece),
            }
            if self.line.len() > LONGEST_LINE {
                self.put()?;
            }
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            self.put()?;
        }
        self.inner.flush()
    }
}

/// A writer that keeps the end of what passes.
pub(crate) struct Tail<W> {
    inner: W,
    kept: std::sync::Arc<std::sync::Mutex<Vec<u8>>>,
}

/// So much of a command's output goes into reports.
const KEPT: usize = 64 * 1024;

impl<W: Write> Tail<W> {
    pub(crate) fn new(inner: W, kept: std::sync::Arc<std::sync::Mutex<Vec<u8>>>) -> Self {
        Self { inner, kept }
    }
}

impl<W: Write> Write for Tail<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.inner.write_all(data)?;
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.extend_from_slice(data);
        if kept.len() > 2 * KEPT {
            let surplus = kept.len() - KEPT;
            kept.drain(..surplus);
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
