//! A line to an engine that can be cut: for its client the engine is gone.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

/// A socket that leads to another one.
pub struct Cable {
    folder: TempDir,
    ends: Arc<Mutex<Option<Vec<UnixStream>>>>,
    /// For every connection that has come about, who waits for the end of what the engine says on it.
    joined: Mutex<Receiver<Option<JoinHandle<()>>>>,
    open: Mutex<Vec<JoinHandle<()>>>,
}

impl Cable {
    /// A socket that leads to this one.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn to(socket: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for a socket: {error}"));
        let listener =
            UnixListener::bind(folder.path().join("s")).unwrap_or_else(|error| panic!("no socket: {error}"));
        let ends = Arc::new(Mutex::new(Some(Vec::new())));
        let (socket, known) = (socket.to_owned(), Arc::clone(&ends));
        let (tell, joined) = channel();
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                // Cut: whoever comes now finds nobody.
                let Some(known) = known.as_mut() else { return };
                // One that cannot be joined ends at once, as does one whose engine is gone.
                let joined = join(near, &socket, known);
                // Not everybody counts them.
                let _ = tell.send(joined.ok());
            }
        });
        Self { folder, ends, joined: Mutex::new(joined), open: Mutex::default() }
    }

    /// The near end, as `DOCKER_HOST` names it.
    pub fn host(&self) -> String {
        format!("unix://{}", self.path().display())
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    /// Waits until so many connections more have come about; false when none comes within this time.
    pub fn wait_for(&self, connections: usize, patience: Duration) -> bool {
        let joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        (0..connections).all(|_| joined.recv_timeout(patience).map(|handle| open.extend(handle)).is_ok())
    }

    /// Waits until the engine has answered everything that it was asked, also by clients that are gone.
    pub fn settle(&self) {
        let joined = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        let open = std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner));
        for handle in open.into_iter().chain(joined.try_iter().flatten()) {
            // A thread that copies bytes has nothing to panic about.
            let _ = handle.join();
        }
    }

    /// Ends all connections, and lets no new one come about.
    pub fn cut(&self) {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner).take();
        for end in ends.into_iter().flatten() {
            // It may have ended by itself.
            let _ = end.shutdown(Shutdown::Both);
        }
        // Nobody listens: the socket of an engine that is gone is there and refuses.
        let _ = std::fs::remove_file(self.path());
    }
}

/// Copies in both directions; the thread of what comes from the far end is given back.
fn join(near: UnixStream, socket: &Path, known: &mut Vec<UnixStream>) -> io::Result<JoinHandle<()>> {
    let far = UnixStream::connect(socket)?;
    known.push(near.try_clone()?);
    known.push(far.try_clone()?);
    copying(near.try_clone()?, far.try_clone()?);
    Ok(copying(far, near))
}

fn copying(mut from: UnixStream, mut to: UnixStream) -> JoinHandle<()> {
    std::thread::spawn(move || {
        // Whoever is gone is told nothing more; what the other side says is heard to its end all the same.
        if io::copy(&mut from, &mut to).is_err() {
            let _ = io::copy(&mut from, &mut io::sink());
        }
        let _ = to.shutdown(Shutdown::Write);
    })
}
