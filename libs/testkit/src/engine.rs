//! A real Docker engine: Debian's `dockerd`, with socket, port, data and bridge of its own.

mod base;
mod cable;

use std::fs;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::registry::certificates::Certificates;
use crate::skipped;

pub use cable::Cable;

/// What runs the engine, and clears up after it as soon as whoever started it is gone, in whatever way: then the pipe of its
/// standard input is closed. Without the right to make a bridge, containers have no network.
const SCRIPT: &str = r#"
folder=$1 bridge=$2 address=$3 port=$4
trap '' INT TERM HUP
# In the background standard input would be another.
exec 3<&0 </dev/null
network="--bridge=none"
if ip link add name "$bridge" type bridge && ip address add "$address" dev "$bridge" && ip link set "$bridge" up; then
  network="--bridge=$bridge"
  : >"$folder/network"
fi 2>/dev/null
dockerd --host "unix://$folder/engine.sock" --host "tcp://127.0.0.1:$port" \
  --tlsverify --tlscacert "$folder/ca.crt" --tlscert "$folder/server.cert" --tlskey "$folder/server.key" \
  --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/pid" --config-file "$folder/config.json" \
  --group "$(id -gn)" "$network" --iptables=false --ip6tables=false --ip-masq=false --shutdown-timeout 1 3<&- &
engine=$!
{ cat <&3 >/dev/null; kill -TERM "$engine"; } 2>/dev/null &
exec 3<&-
wait "$engine"
wait "$engine"
[ ! -e "$folder/network" ] || ip link delete "$bridge"
rm -rf "$folder"
"#;

/// A running engine; it ends with the process that started it.
pub struct Engine {
    folder: PathBuf,
    port: u16,
    _process: Child,
    /// Open as long as the engine is wanted.
    _wanted: ChildStdin,
}

impl Engine {
    /// The engine that all tests of a run share; none, after saying so, where none can be started.
    ///
    /// # Panics
    /// When there is none in CI although `ci/test` has found that there may be one.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Result<Engine, String>> = OnceLock::new();
        let engine = SHARED.get_or_init(|| Self::start().inspect(Self::load));
        match engine {
            Ok(engine) => Some(engine),
            Err(why) => {
                let wanted = std::env::var("E2E_MAY_RUN_ENGINE").is_ok_and(|value| value == "yes");
                assert!(!wanted, "there has to be a Docker engine: {why}");
                skipped(&format!("no Docker engine can be started: {why}"));
                None
            }
        }
    }

    fn start() -> Result<Self, String> {
        let told = |error: std::io::Error| error.to_string();
        // Its own script removes it, as root where need be.
        let folder = tempfile::Builder::new().prefix("engine").tempdir().map_err(told)?.keep();
        let certificates = Certificates::make(&folder).map_err(|error| error.to_string())?;
        let client = folder.join("client");
        fs::create_dir(&client).map_err(told)?;
        for (from, to) in [
            (&certificates.authority, "ca.pem"),
            (&certificates.client.certificate, "cert.pem"),
            (&certificates.client.key, "key.pem"),
        ] {
            fs::copy(from, client.join(to)).map_err(told)?;
        }
        fs::write(folder.join("config.json"), "{}").map_err(told)?;
        let port = free_port().map_err(told)?;
        let id = std::process::id();
        let (bridge, address) = (format!("gate{id}"), format!("172.30.{}.1/24", id % 250));
        let mut process = Command::new("setsid")
            .args(["sh", "-c", SCRIPT, "engine"])
            .args([folder.as_os_str(), bridge.as_ref(), address.as_ref(), port.to_string().as_ref()])
            .env_remove("DOCKER_HOST")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(told)?;
        let wanted = process.stdin.take().ok_or("no pipe")?;
        let log = BufReader::new(process.stderr.take().ok_or("no log")?).lines();
        ready(log)?;
        Ok(Self { folder, port, _process: process, _wanted: wanted })
    }

    /// Puts an image with a shell there.
    fn load(&self) {
        base::load(self);
    }

    /// Its socket, as `DOCKER_HOST` names it.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("engine.sock")
    }

    /// Its port, as `DOCKER_HOST` names it; only clients with a certificate get in.
    pub fn remote_host(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    /// The folder of `ca.pem`, `cert.pem` and `key.pem` for the port.
    pub fn certificates(&self) -> PathBuf {
        self.folder.join("client")
    }

    /// Have containers a network?
    pub fn has_network(&self) -> bool {
        self.folder.join("network").exists()
    }

    /// Runs the docker command, which knows nothing of us, and returns what it prints.
    ///
    /// # Panics
    /// When it fails.
    pub fn docker(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output();
        let output = output.unwrap_or_else(|error| panic!("cannot start docker: {error}"));
        assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// The docker command, to be started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command
            .args(arguments)
            .env("DOCKER_HOST", self.host())
            .env("DOCKER_CONFIG", self.folder.join("config"));
        command.env_remove("DOCKER_TLS_VERIFY").env_remove("DOCKER_CONTEXT").env("DOCKER_BUILDKIT", "0");
        command
    }

    /// Builds an image from this Dockerfile, without any other file. [`Engine::BASE`] has a shell.
    ///
    /// # Panics
    /// When it does not build.
    pub fn build(&self, name: &str, dockerfile: &str) {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for a build: {error}"));
        let path = folder.path().join("Dockerfile");
        fs::write(&path, dockerfile).unwrap_or_else(|error| panic!("cannot write {path:?}: {error}"));
        self.docker(&["build", "--quiet", "--tag", name, &folder.path().display().to_string()]);
    }

    /// An image with busybox, and the user `tester`, whose number is 1000.
    pub const BASE: &'static str = "testkit/base:1";

    /// The same with Python and pip; [`Engine::load_python`] puts it there.
    pub const PYTHON: &'static str = "testkit/python:1";

    /// Puts an image with the Python of this machine there. Its pip finds the packages in the folder, and no others.
    ///
    /// # Panics
    /// When this machine has none from Debian.
    pub fn load_python(&self, wheels: &Path) {
        base::load_python(self, wheels);
    }

    /// How much there is of what may be left behind: containers, networks, volumes.
    ///
    /// # Panics
    /// When the engine does not say.
    pub fn inventory(&self) -> [usize; 3] {
        let count = |list: &Value| list.as_array().map_or(0, Vec::len);
        [
            count(&self.asked("/containers/json?all=1")),
            count(&self.asked("/networks")),
            count(&self.asked("/volumes")["Volumes"]),
        ]
    }

    /// What the engine's API answers: tests ask so often that a process each time would be half of their time.
    ///
    /// # Panics
    /// When that is no JSON.
    pub fn asked(&self, path: &str) -> Value {
        let answer = || {
            let mut stream = UnixStream::connect(self.socket())?;
            // Of this version answers end with the connection, and come in one piece.
            write!(stream, "GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).map(|_| answer)
        };
        let answer = answer().unwrap_or_else(|error| panic!("cannot ask the engine for {path}: {error}"));
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{path}: {error}: {answer}"))
    }
}

/// Waits until the engine listens at both its places. What it says afterwards is dropped.
fn ready(mut log: Lines<BufReader<ChildStderr>>) -> Result<(), String> {
    let mut listening = 0;
    let mut last = String::from("dockerd is not installed: apt-get install docker.io");
    for line in log.by_ref().map_while(Result::ok) {
        if line.contains("API listen on") {
            listening += 1;
        }
        if listening == 2 {
            std::thread::spawn(move || log.for_each(drop));
            return Ok(());
        }
        if !line.contains("level=info") {
            last = line;
        }
    }
    Err(last)
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
