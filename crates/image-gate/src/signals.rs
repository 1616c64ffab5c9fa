//! Signals that come to us, for whoever has something to do with them.

use contract::Failure;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast;

/// A signal that is passed on to containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signal {
    /// As the engine knows it.
    pub(crate) name: &'static str,
    /// As the kernel numbers it, on every architecture that we are built for.
    pub(crate) number: u8,
    /// Does it ask for an end?
    pub(crate) ends: bool,
}

const ALL: [(Signal, fn() -> SignalKind); 6] = [
    (Signal { name: "SIGINT", number: 2, ends: true }, SignalKind::interrupt),
    (Signal { name: "SIGTERM", number: 15, ends: true }, SignalKind::terminate),
    (Signal { name: "SIGHUP", number: 1, ends: true }, SignalKind::hangup),
    (Signal { name: "SIGQUIT", number: 3, ends: true }, SignalKind::quit),
    (Signal { name: "SIGUSR1", number: 10, ends: false }, SignalKind::user_defined1),
    (Signal { name: "SIGUSR2", number: 12, ends: false }, SignalKind::user_defined2),
];

/// What ends programs, as the kernel numbers it everywhere that we are built for.
const DEADLY: [(u8, &str); 11] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (15, "SIGTERM"),
];

/// The signal that an exit code tells of, if it does.
pub(crate) fn behind(code: u8) -> Option<&'static str> {
    let number = code.checked_sub(128)?;
    DEADLY.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// All signals from now on. None of them ends the process by itself any more.
pub(crate) struct Signals {
    sender: broadcast::Sender<Signal>,
}

/// One who listens.
pub(crate) struct Listener {
    receiver: broadcast::Receiver<Signal>,
}

impl Signals {
    /// # Errors
    /// When the system lets nobody listen.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let (sender, _) = broadcast::channel(16);
        for (which, kind) in ALL {
            let mut stream = signal(kind())
                .map_err(|error| Failure::failed(format!("cannot wait for {}", which.name)).because(error))?;
            let sender = sender.clone();
            tokio::spawn(async move {
                while stream.recv().await.is_some() {
                    // Nobody listens while what was made is being removed.
                    let _ = sender.send(which);
                }
            });
        }
        Ok(Self { sender })
    }

    /// Hears what comes from now on.
    pub(crate) fn listener(&self) -> Listener {
        Listener { receiver: self.sender.subscribe() }
    }
}

impl Listener {
    /// The next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        loop {
            match self.receiver.recv().await {
                Ok(signal) => return signal,
                // A storm of them: the last ones are still to come.
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// The next signal that asks for an end.
    pub(crate) async fn end(&mut self) -> Signal {
        loop {
            let signal = self.next().await;
            if signal.ends {
                return signal;
            }
        }
    }
}
