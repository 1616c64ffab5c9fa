//! Starts a container, passes on what it prints and the signals that come, and waits for its end.

use std::time::Duration;

use bollard::container::{AttachContainerResults, LogOutput};
use bollard::errors::Error;
use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, KillContainerOptionsBuilder, WaitContainerOptionsBuilder,
};
use bytes::Bytes;
use contract::Failure;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, info, warn};

use crate::engine::{Engine, said};
use crate::relay::Side;
use crate::signals::{Listener, Signal};
use crate::values::seconds;

/// How long what a command has printed before it was killed may take to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The code of a command that SIGKILL has ended.
const KILLED: u8 = 128 + 9;

/// How a command has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By itself, or by a signal from within; and was it for memory?
    Exited {
        /// As a shell tells it: 128 and the number of a signal.
        code: u8,
        /// A process of it was killed because the memory of the container was used up.
        out_of_memory: bool,
    },
    /// It was ended after its time.
    TimedOut,
    /// It was ended because we were asked to end; with its own code, or that of the signal.
    Interrupted(u8),
}

/// Why a command was not run.
pub(crate) enum Refusal {
    /// There is no such command in the image.
    NotFound(String),
    /// It is there and cannot be executed.
    NotExecutable(String),
    /// Something else.
    Other(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

/// What a container may take.
pub(crate) struct Limits {
    /// What runs in it, for people: several may run at once.
    pub(crate) who: String,
    pub(crate) deadline: Option<Instant>,
    /// What led to the deadline, for people.
    pub(crate) timeout: Option<Duration>,
    /// The time it has to end by itself.
    pub(crate) stop: Duration,
}

/// A container that runs, and what is known of its end.
struct Run<'a> {
    engine: &'a Engine,
    name: &'a str,
    limits: &'a Limits,
    deadline: Option<Instant>,
    kill_at: Option<Instant>,
    /// The request that kills it. The engine answers when the container has ended, and that may have to wait for us, who
    /// take its output: so it is asked beside everything else.
    killing: Option<BoxFuture<'a, Result<(), Failure>>>,
    /// A reader who has stalled is not waited for any longer.
    leave_at: Option<Instant>,
    asked: Option<Signal>,
    timed_out: bool,
}

/// Runs the container to its end.
///
/// # Errors
/// When the command cannot be run, or nobody can tell how it ended.
pub(crate) async fn supervise(
    engine: &Engine,
    name: &str,
    limits: &Limits,
    output: &mpsc::Sender<(Side, Bytes)>,
    signals: &mut Listener,
) -> Result<Ending, Refusal> {
    let options = AttachContainerOptionsBuilder::new().stream(true).stdout(true).stderr(true).build();
    let attached = engine.api.attach_container(name, Some(options)).await;
    let AttachContainerResults { output: mut stream, input } =
        attached.map_err(|error| engine.failure("attach to the container", error))?;
    engine.api.start_container(name, None).await.map_err(|error| refusal(engine, error))?;
    let mut run = Run {
        engine,
        name,
        limits,
        deadline: limits.deadline,
        kill_at: None,
        killing: None,
        leave_at: None,
        asked: None,
        timed_out: false,
    };
    let mut waiting: Option<(Side, Bytes)> = None;
    loop {
        tokio::select! {
            biased;
            signal = signals.next() => run.signal(signal).await?,
            () = reached(run.deadline) => run.overdue().await?,
            () = reached(run.kill_at) => run.kill(),
            killed = answered(&mut run.killing) => killed?,
            () = reached(run.leave_at) => break,
            permit = output.reserve(), if waiting.is_some() => {
                let permit = permit.map_err(|_| Failure::failed("cannot pass on what the command prints"))?;
                if let Some(piece) = waiting.take() {
                    permit.send(piece);
                }
            }
            piece = stream.next(), if waiting.is_none() => match piece {
                Some(Ok(piece)) => waiting = taken(piece),
                // Whether that was the end says the engine.
                Some(Err(error)) => {
                    debug!("the output broke off: {error}");
                    break;
                }
                None => break,
            },
        }
    }
    // An engine that cannot get rid of the output does not notice that the command has ended.
    drop((stream, input));
    run.end(signals).await
}

fn taken(piece: LogOutput) -> Option<(Side, Bytes)> {
    match piece {
        LogOutput::StdErr { message } => Some((Side::Err, message)),
        LogOutput::StdOut { message } | LogOutput::Console { message } => Some((Side::Out, message)),
        LogOutput::StdIn { .. } => None,
    }
}

async fn reached(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

/// The answer to a request that may be under way.
async fn answered(request: &mut Option<BoxFuture<'_, Result<(), Failure>>>) -> Result<(), Failure> {
    let Some(sent) = request else { return std::future::pending().await };
    let answer = sent.await;
    *request = None;
    answer
}

impl Run<'_> {
    /// Once the output is at its end, so is the command, as a rule; one that has closed its output goes on.
    async fn end(&mut self, signals: &mut Listener) -> Result<Ending, Refusal> {
        let options = WaitContainerOptionsBuilder::new().condition("not-running").build();
        let mut ended = self.engine.api.wait_container(self.name, Some(options));
        let code = loop {
            tokio::select! {
                biased;
                signal = signals.next() => self.signal(signal).await?,
                () = reached(self.deadline) => self.overdue().await?,
                () = reached(self.kill_at) => self.kill(),
                killed = answered(&mut self.killing) => killed?,
                answer = ended.next() => match answer {
                    Some(Ok(answer)) => break answer.status_code,
                    Some(Err(Error::DockerContainerWaitError { code, .. })) => break code,
                    Some(Err(error)) => return Err(self.lost(error).into()),
                    None => return Err(Failure::failed("the engine broke off before the command ended").into()),
                },
            }
        };
        let found = self.inspect().await?;
        let limited = found.host_config.and_then(|host| host.memory).is_some_and(|memory| memory > 0);
        let state = found.state.unwrap_or_default();
        let code = u8::try_from(state.exit_code.unwrap_or(code)).unwrap_or(255);
        if self.timed_out {
            return Ok(Ending::TimedOut);
        }
        if let Some(signal) = self.asked {
            // Whoever asked for the end must not take this for a success.
            return Ok(Ending::Interrupted(if code == 0 { 128 + signal.number } else { code }));
        }
        let told = state.oom_killed.unwrap_or_default();
        let out_of_memory = told || (limited && code == KILLED && self.is_told_of_memory().await?);
        Ok(Ending::Exited { code, out_of_memory })
    }

    /// The engine learns that the kernel has killed a command for its memory in another way than that it has ended, and on
    /// a busy machine later.
    async fn is_told_of_memory(&self) -> Result<bool, Failure> {
        for _ in 0..10 {
            sleep(Duration::from_millis(100)).await;
            if self.inspect().await?.state.and_then(|state| state.oom_killed) == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn inspect(&self) -> Result<ContainerInspectResponse, Failure> {
        self.engine.api.inspect_container(self.name, None).await.map_err(|error| self.lost(error))
    }

    fn lost(&self, error: Error) -> Failure {
        self.engine.failure("learn how the command ended", error)
    }

    async fn signal(&mut self, signal: Signal) -> Result<(), Failure> {
        if !signal.ends {
            return self.send(signal.name).await;
        }
        if self.asked.is_some() || self.timed_out {
            // Whoever asks twice does not want to wait.
            self.kill();
            return Ok(());
        }
        info!("{}: it is passed on to {}", signal.name, self.limits.who);
        self.asked = Some(signal);
        self.kill_at = Some(Instant::now() + self.limits.stop);
        self.send(signal.name).await
    }

    async fn overdue(&mut self) -> Result<(), Failure> {
        self.deadline = None;
        if self.asked.is_none() {
            let time = seconds(self.limits.timeout.unwrap_or_default());
            warn!("{} was not through within {time} s and is ended: its timeout is over", self.limits.who);
            self.timed_out = true;
            self.kill_at = Some(Instant::now() + self.limits.stop);
            self.send("SIGTERM").await?;
        }
        Ok(())
    }

    fn kill(&mut self) {
        self.kill_at = None;
        self.leave_at = Some(Instant::now() + LAST_WORDS);
        self.killing = Some(Box::pin(send(self.engine, self.name, "SIGKILL")));
    }

    async fn send(&self, signal: &str) -> Result<(), Failure> {
        send(self.engine, self.name, signal).await
    }
}

async fn send(engine: &Engine, name: &str, signal: &str) -> Result<(), Failure> {
    let options = KillContainerOptionsBuilder::new().signal(signal).build();
    match engine.api.kill_container(name, Some(options)).await {
        Ok(()) => Ok(()),
        // It has just ended.
        Err(error) if said(&error).is_some() => {
            debug!("{signal} was not taken: {error}");
            Ok(())
        }
        Err(error) => Err(engine.failure(&format!("send {signal} to the container"), error)),
    }
}

/// The runtime's own words are all there is to tell these apart, for docker as well.
fn refusal(engine: &Engine, error: Error) -> Refusal {
    let Some((_, message)) = said(&error) else {
        return Refusal::Other(engine.failure("start the container", error));
    };
    let message = message.trim().trim_end_matches(": unknown");
    // In front of it stands where in the runtime's sources it was found.
    let message = message.rfind("exec: \"").map_or(message, |at| &message[at..]).to_owned();
    let has = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
    if has(&["executable file not found", "no such file or directory"]) {
        Refusal::NotFound(message)
    } else if has(&["permission denied", "is a directory", "exec format error"]) {
        Refusal::NotExecutable(message)
    } else {
        let hint = if has(&["unable to find user", "unable to find group"]) {
            Some("a user that the image does not know by name can be given as a number, UID:GID")
        } else if message.contains("network ") && message.ends_with("not found") {
            Some("image-gate makes no networks: docker network create, or leave it out")
        } else {
            None
        };
        let failure = engine.failure("start the container", error);
        Refusal::Other(match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        })
    }
}
