//! `image-gate health`: starts an image, and waits until it says that it is healthy.

use std::collections::HashMap;
use std::io::Write;
use std::time::Duration;

use bollard::models::{ContainerInspectResponse, ContainerState, HealthConfig};
use bollard::query_parameters::{EventsOptionsBuilder, LogsOptionsBuilder};
use contract::{Exit, Failure};
use futures_util::StreamExt;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, info, warn};

use crate::cli::{ContainerArgs, Health, Pull};
use crate::container::Spec;
use crate::engine::Engine;
use crate::environment::Environment;
use crate::image::Image;
use crate::keeper::Keeper;
use crate::mask::masked;
use crate::output;
use crate::owner::Owner;
use crate::probe::{Probe, addresses, published_at};
use crate::signals::Signals;
use crate::values;

/// What became of the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It said so, or answered.
    Healthy,
    /// Its HEALTHCHECK says no.
    Unhealthy,
    /// It was healthy, and did not stay so.
    Flapping,
    /// It ended, with this code.
    Exited(i64),
    /// It was started a second time.
    Restarted,
    /// Nothing was known when its time was over.
    TooLate,
}

/// The verdict, and what led to it.
pub(crate) struct Report {
    pub(crate) verdict: Verdict,
    pub(crate) elapsed: Duration,
    /// What the check said last.
    pub(crate) last: String,
    /// The end of the log.
    pub(crate) log: String,
    /// `8080/tcp`, and where it is reached.
    pub(crate) ports: Vec<(String, String)>,
}

/// What is checked, and how.
pub(crate) struct Check {
    pub(crate) image: String,
    pub(crate) pull: Pull,
    pub(crate) environment: Environment,
    pub(crate) network: Option<String>,
    pub(crate) memory: Option<i64>,
    pub(crate) timeout: Duration,
    pub(crate) steady: Duration,
    pub(crate) interval: Option<Duration>,
    pub(crate) publish: bool,
    pub(crate) http: Option<values::Probe>,
    pub(crate) log_tail: usize,
}

/// What an event of the engine says.
#[derive(Debug, PartialEq, Eq)]
enum News {
    Started,
    Healthy,
    Unhealthy,
    Died,
}

/// Says whether an image becomes healthy.
pub(crate) async fn run(args: &Health, out: &mut dyn Write) -> Result<Exit, Failure> {
    let signals = Signals::listen()?;
    let check = check(args)?;
    let engine = Engine::connect().await?;
    let keeper =
        Keeper::new(engine, Owner::new(Some(args.timeout.saturating_add(args.steady)), false), false);
    let mut listener = signals.listener();
    let report = keeper
        .around(async {
            tokio::select! {
                biased;
                signal = listener.end() => Err(Failure::failed(format!("{} ended the check", signal.name))
                    .exits(Exit::Command(128 + signal.number))),
                report = check.run(&keeper, "health") => report,
            }
        })
        .await?;
    report.tell(&args.image);
    output::health(args, &report, out)?;
    Ok(if report.verdict == Verdict::Healthy { Exit::Done } else { Exit::No })
}

fn check(args: &Health) -> Result<Check, Failure> {
    let ContainerArgs { variables, network, memory, pull, .. } = &args.container;
    Ok(Check {
        image: args.image.clone(),
        pull: *pull,
        environment: Environment::new(variables)?,
        network: network.clone(),
        memory: *memory,
        timeout: args.timeout,
        steady: args.steady,
        interval: args.interval,
        publish: args.publish,
        http: args.http.clone(),
        log_tail: args.log_tail,
    })
}

impl Report {
    /// What people need to see of an image that is not healthy.
    pub(crate) fn tell(&self, image: &str) {
        for (port, address) in &self.ports {
            info!("port {port} of {image} is at {address}");
        }
        let after = values::seconds(self.elapsed);
        match &self.verdict {
            Verdict::Healthy => return info!("{image} is healthy after {after} s"),
            Verdict::Unhealthy => warn!("{image} is unhealthy after {after} s"),
            Verdict::Flapping => warn!("{image} was healthy and did not stay so, after {after} s"),
            Verdict::Exited(code) => warn!("{image} ended with {code} after {after} s"),
            Verdict::Restarted => warn!("{image} was started anew after {after} s"),
            Verdict::TooLate => warn!("{image} was not healthy within {after} s"),
        }
        if !self.last.is_empty() {
            warn!("the check said last: {}", self.last.trim_end());
        }
        if self.log.is_empty() {
            warn!("its log is empty");
        } else {
            warn!("the end of its log:");
            self.log.trim_end().lines().for_each(|line| warn!("  {line}"));
        }
    }
}

impl Check {
    /// Starts the image and waits.
    ///
    /// # Errors
    /// When it cannot be started, or says nothing of its health.
    pub(crate) async fn run(&self, keeper: &Keeper, what: &str) -> Result<Report, Failure> {
        let engine = &keeper.engine;
        let image = Image::get(engine, &self.image, self.pull).await?;
        let probe = match (&self.http, image.healthcheck) {
            (Some(http), _) => Some(Probe::new(http, &image, &self.image)?),
            (None, Some(first)) => {
                let first = self.interval.unwrap_or(first);
                if first > self.timeout {
                    warn!(
                        "the HEALTHCHECK is asked after {} s for the first time, and --timeout is {} s; --interval asks sooner",
                        values::seconds(first),
                        values::seconds(self.timeout)
                    );
                }
                None
            }
            (None, None) => {
                return Err(Failure::usage(format!(
                    "{} says nothing of its health: it has no HEALTHCHECK",
                    self.image
                ))
                .hint("add HEALTHCHECK to its Dockerfile, or ask it over HTTP: --http /health:8080"));
            }
        };
        let body = self.spec(engine, &image, probe.as_ref()).body_with(self.interval)?;
        let container = keeper.create(what, &self.image, body).await?;
        self.watch(engine, &container, probe).await
    }

    fn spec(&self, engine: &Engine, image: &Image, probe: Option<&Probe>) -> Spec {
        let mut ports: Vec<String> = if self.publish { image.ports.clone() } else { Vec::new() };
        ports.extend(probe.map(|probe| probe.port.clone()));
        let shared = self.network.as_deref().is_some_and(|network| network == "host" || network == "none");
        let address = published_at(&engine.endpoint);
        Spec {
            image: image.id.clone(),
            environment: self.environment.pairs.clone(),
            network: self.network.clone(),
            memory: self.memory,
            published: ports.into_iter().filter(|_| !shared).map(|port| (port, address.clone())).collect(),
            logged: true,
            ..Spec::default()
        }
    }

    async fn watch(
        &self,
        engine: &Engine,
        container: &str,
        mut probe: Option<Probe>,
    ) -> Result<Report, Failure> {
        let begun = Instant::now();
        // From the beginning of the container: nothing can have happened before.
        let filters = HashMap::from([("container", vec![container])]);
        let options = EventsOptionsBuilder::new().since("1").filters(&filters).build();
        let mut events = std::pin::pin!(engine.api.events(Some(options)));
        let start = engine.api.start_container(container, None).await;
        start.map_err(|error| engine.failure("start the container", error))?;
        let found = self.inspect(engine, container).await?;
        let ports = published(&found, engine);
        let reached =
            probe.as_ref().map(|probe| addresses(&found, &probe.port, &engine.endpoint)).unwrap_or_default();
        // One that has ended already has no address any more.
        let runs = found.state.as_ref().and_then(|state| state.running).unwrap_or_default();
        if probe.is_some() && reached.is_empty() && runs {
            return Err(Failure::usage(format!("no port of {} can be reached from here", self.image))
                .hint("it has to be on a network: leave --network none out"));
        }
        let deadline = begun + self.timeout;
        let (mut steady, mut starts) = (None, 0);
        let verdict = loop {
            let asked = async {
                match &mut probe {
                    Some(probe) => probe.until(steady.is_none(), &reached).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                event = events.next() => match news(event, engine)? {
                    Some(News::Died) => break Verdict::Exited(0),
                    Some(News::Started) if starts > 0 => break Verdict::Restarted,
                    Some(News::Started) => starts += 1,
                    Some(News::Unhealthy) if steady.is_some() => break Verdict::Flapping,
                    Some(News::Unhealthy) if probe.is_none() => break Verdict::Unhealthy,
                    Some(News::Healthy) if probe.is_none() && steady.is_none() => steady = Some(Instant::now() + self.steady),
                    _ => {}
                },
                () = async { match steady { Some(at) => sleep_until(at).await, None => std::future::pending().await } } => {
                    break Verdict::Healthy;
                }
                () = sleep_until(deadline), if steady.is_none() => break Verdict::TooLate,
                () = asked => match steady {
                    None => steady = Some(Instant::now() + self.steady),
                    Some(_) => break Verdict::Flapping,
                },
            }
        };
        let elapsed = begun.elapsed();
        self.report(engine, container, verdict, elapsed, probe, ports).await
    }

    async fn report(
        &self,
        engine: &Engine,
        container: &str,
        verdict: Verdict,
        elapsed: Duration,
        probe: Option<Probe>,
        ports: Vec<(String, String)>,
    ) -> Result<Report, Failure> {
        if verdict == Verdict::Healthy {
            let last = probe.map(|probe| probe.last).unwrap_or_default();
            return Ok(Report { verdict, elapsed, last, log: String::new(), ports });
        }
        let state = self.inspect(engine, container).await?.state.unwrap_or_default();
        let verdict = match verdict {
            Verdict::Exited(_) if state.running == Some(true) => Verdict::Restarted,
            Verdict::Exited(_) => Verdict::Exited(state.exit_code.unwrap_or_default()),
            other => other,
        };
        let last = probe.map_or_else(|| last_check(&state), |probe| probe.last);
        let log = self.log(engine, container).await;
        let secrets = &self.environment.secrets;
        Ok(Report { verdict, elapsed, last: masked(&last, secrets), log: masked(&log, secrets), ports })
    }

    async fn inspect(&self, engine: &Engine, container: &str) -> Result<ContainerInspectResponse, Failure> {
        let found = engine.api.inspect_container(container, None).await;
        found.map_err(|error| engine.failure(&format!("look at the container of {}", self.image), error))
    }

    async fn log(&self, engine: &Engine, container: &str) -> String {
        let options =
            LogsOptionsBuilder::new().stdout(true).stderr(true).tail(&self.log_tail.to_string()).build();
        let mut log = std::pin::pin!(engine.api.logs(container, Some(options)));
        let mut text = Vec::new();
        while let Some(piece) = log.next().await {
            match piece {
                Ok(piece) => text.extend_from_slice(&piece.into_bytes()),
                Err(error) => {
                    debug!("the log broke off: {error}");
                    break;
                }
            }
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl Spec {
    /// With a HEALTHCHECK that is the image's own in everything but how often it is asked.
    fn body_with(&self, interval: Option<Duration>) -> Result<bollard::models::ContainerCreateBody, Failure> {
        let mut body = self.body()?;
        // A healthcheck of nothing but an interval lets the rest be as the image has it.
        body.healthcheck = interval.map(|interval| {
            let nanoseconds = i64::try_from(interval.as_nanos()).unwrap_or(i64::MAX).max(1_000_000);
            // An engine that knows no interval for the start takes no notice of it.
            HealthConfig {
                interval: Some(nanoseconds),
                start_interval: Some(nanoseconds),
                ..HealthConfig::default()
            }
        });
        Ok(body)
    }
}

fn last_check(state: &ContainerState) -> String {
    let log = state.health.as_ref().and_then(|health| health.log.as_ref());
    let Some(last) = log.and_then(|log| log.last()) else { return "nothing: it was not asked yet".into() };
    let output = last.output.as_deref().unwrap_or_default().trim();
    let code = last.exit_code.unwrap_or_default();
    if output.is_empty() {
        format!("nothing, and ended with {code}")
    } else {
        format!("{output} (exit code {code})")
    }
}

fn news(
    event: Option<Result<bollard::models::EventMessage, bollard::errors::Error>>,
    engine: &Engine,
) -> Result<Option<News>, Failure> {
    let attempt = "wait for what the engine tells of the container";
    let event = match event {
        Some(Ok(event)) => event,
        Some(Err(error)) => return Err(engine.failure(attempt, error)),
        None => {
            return Err(Failure::failed(format!(
                "cannot {attempt}: the engine at {} has ended",
                engine.endpoint
            ))
            .hint("see whether it still runs: docker info"));
        }
    };
    let action = event.action.unwrap_or_default();
    debug!("event: {action}");
    Ok(match action.as_str() {
        "start" => Some(News::Started),
        "die" => Some(News::Died),
        "health_status: healthy" => Some(News::Healthy),
        "health_status: unhealthy" => Some(News::Unhealthy),
        _ => None,
    })
}

fn published(found: &ContainerInspectResponse, engine: &Engine) -> Vec<(String, String)> {
    let ports = found.network_settings.as_ref().and_then(|network| network.ports.as_ref());
    let bound = ports
        .into_iter()
        .flatten()
        .filter(|(_, bindings)| bindings.as_ref().is_some_and(|bound| !bound.is_empty()));
    let mut all: Vec<_> = bound
        .filter_map(|(port, _)| {
            Some((port.clone(), addresses(found, port, &engine.endpoint).into_iter().next()?))
        })
        .collect();
    all.sort();
    all
}
