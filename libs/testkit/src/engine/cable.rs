//! A line to an engine that can be cut: for its client the engine is gone.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

/// A socket that leads to another one.
pub struct Cable {
    folder: TempDir,
    ends: Arc<Mutex<Option<Vec<UnixStream>>>>,
    /// A word for every connection that has come about.
    joined: Mutex<Receiver<()>>,
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
                let _ = join(near, &socket, known);
                // Not everybody counts them.
                let _ = tell.send(());
            }
        });
        Self { folder, ends, joined: Mutex::new(joined) }
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
        (0..connections).all(|_| joined.recv_timeout(patience).is_ok())
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

fn join(near: UnixStream, socket: &Path, known: &mut Vec<UnixStream>) -> io::Result<()> {
    let far = UnixStream::connect(socket)?;
    known.push(near.try_clone()?);
    known.push(far.try_clone()?);
    for (mut from, mut to) in [(near.try_clone()?, far.try_clone()?), (far, near)] {
        std::thread::spawn(move || {
            // A connection that breaks is its owners' business.
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}
