//! `image-gate run`.

use contract::{Exit, Failure};
use tracing::warn;

use crate::cli::Run;
use crate::engine::Engine;
use crate::environment::Environment;
use crate::gate::Gate;
use crate::keeper::Keeper;
use crate::owner::Owner;
use crate::relay::{Relay, standard_error, standard_output};
use crate::signals::{Signals, behind};
use crate::supervise::{Ending, Refusal};

/// As timeout(1) ends.
const TIMED_OUT: u8 = 124;
/// As docker ends when it has not run the command, cannot, or does not find it.
const NOT_RUN: u8 = 125;
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

/// What to do about a command that is not there.
const ABSENT: &str =
    "it is looked for in the PATH of the image and its working directory; a line for a shell is sh -c 'LINE'";

/// Runs a command in an image, and ends with its code.
pub(crate) async fn run(args: &Run) -> Result<Exit, Failure> {
    let gate = gate(args)?;
    let not_run = |failure: Failure| match failure.exit() {
        Exit::Failed => failure.exits(Exit::Command(NOT_RUN)),
        _ => failure,
    };
    let ended = execute(&gate).await;
    match ended {
        Ok(Ending::Exited { code, out_of_memory }) => {
            if out_of_memory {
                warn!("a process was killed: the container had used up its memory{}", limit(args));
            } else if let Some(signal) = behind(code) {
                warn!("the command ended with {code}, as after {signal}");
            }
            Ok(Exit::Command(code))
        }
        Ok(Ending::TimedOut) => Ok(Exit::Command(TIMED_OUT)),
        Ok(Ending::Interrupted(code)) => Ok(Exit::Command(code)),
        Err(Refusal::NotFound(why)) => Err(Failure::new(
            Exit::Command(NOT_FOUND),
            format!("there is no such command in {}: {why}", args.image),
        )
        .hint(ABSENT)),
        Err(Refusal::NotExecutable(why)) => Err(Failure::new(
            Exit::Command(NOT_EXECUTABLE),
            format!("the command cannot be executed in {}: {why}", args.image),
        )
        .hint("it has to be a file that its user may execute, made for the platform of the engine")),
        Err(Refusal::Other(failure)) => Err(not_run(failure)),
    }
}

fn limit(args: &Run) -> String {
    args.container
        .memory
        .map(|bytes| format!(" of {bytes} bytes; --memory gives it more"))
        .unwrap_or_default()
}

fn gate(args: &Run) -> Result<Gate, Failure> {
    Ok(Gate {
        name: "run".into(),
        who: "the command".into(),
        image: args.image.clone(),
        pull: args.container.pull,
        command: args.command.clone(),
        entrypoint: args.entrypoint.clone(),
        environment: Environment::new(&args.container.variables)?,
        mounts: args.mounts.clone(),
        copies: args.copies.clone(),
        setup: args.setup.clone(),
        artifacts: args.artifacts.clone(),
        user: args.user.clone(),
        workdir: args.workdir.clone(),
        network: args.container.network.clone(),
        memory: args.container.memory,
        timeout: args.timeout,
        stop: args.container.stop_timeout,
    })
}

async fn execute(gate: &Gate) -> Result<Ending, Refusal> {
    let signals = Signals::listen()?;
    let engine = Engine::connect().await?;
    let keeper = Keeper::new(engine, Owner::new(gate.timeout, false), false);
    let relay = Relay::start(standard_output()?, standard_error()?, &gate.environment.secrets);
    let output = relay.sender();
    let ending = keeper.around(gate.run(&keeper, &output, &signals)).await;
    drop(output);
    if matches!(ending, Ok(Ending::Interrupted(_))) {
        // Whoever has stalled the output need not be waited for.
        relay.leave().await;
        return ending;
    }
    relay.finish(&mut signals.listener()).await?;
    ending
}
