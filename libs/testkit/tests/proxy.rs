//! The proxy, as clients see it that we did not write: a bare socket for what goes wrong, skopeo for tokens.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output};
use std::time::Duration;

use testkit::{Cut, Fault, File, Image, Location, Passed, Proxy, ProxyBuilder, Registry, Rule, Tokens};

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Refused,
    Reset,
    Closed,
}

/// What came over a connection.
#[derive(Debug)]
struct Came {
    head: String,
    body: Vec<u8>,
    end: End,
}

impl Came {
    fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Sends a request over a socket of its own and reads to the end of the connection.
fn ask(address: &str, request: &str, body: &str) -> Came {
    let mut came = Vec::new();
    let end = match TcpStream::connect(address) {
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            End::Refused
        }
        Ok(mut stream) => {
            let length =
                if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
            let accept = "Accept: application/vnd.oci.image.index.v1+json";
            let host = format!("Host: {address}\r\nConnection: close");
            let head = format!("{request} HTTP/1.1\r\n{host}\r\n{accept}\r\n{length}\r\n");
            stream.write_all(format!("{head}{body}").as_bytes()).expect("a request");
            match stream.read_to_end(&mut came) {
                Ok(_) => End::Closed,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
                    End::Reset
                }
            }
        }
    };
    let split = came.windows(4).position(|four| four == b"\r\n\r\n").map_or(came.len(), |at| at + 4);
    Came { head: String::from_utf8_lossy(&came[..split]).into_owned(), body: came[split..].to_vec(), end }
}

fn skopeo(arguments: &[&str]) -> Output {
    Command::new("skopeo").args(arguments).output().expect("skopeo is installed")
}

fn succeeds(arguments: &[&str]) -> String {
    let output = skopeo(arguments);
    assert!(output.status.success(), "skopeo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("skopeo speaks UTF-8")
}

fn fails(arguments: &[&str]) -> String {
    let output = skopeo(arguments);
    assert!(!output.status.success(), "skopeo {arguments:?} succeeds");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A registry with an image.
struct Stand {
    registry: Registry,
    layout: tempfile::TempDir,
}

impl Stand {
    fn new() -> Self {
        let layout = tempfile::tempdir().expect("a folder");
        let image = Image::new().layer(vec![File::new("data", vec![7; 200_000])]);
        image.write(layout.path(), "1").expect("a layout");
        let stand = Self { registry: Registry::start(), layout };
        stand.push(stand.registry.address(), "app/ci:1", &[]);
        stand
    }

    fn push(&self, address: &str, name: &str, more: &[&str]) {
        let (from, to) = (self.source(), format!("docker://{address}/{name}"));
        let fixed = ["copy", "--all", "--quiet", "--dest-tls-verify=false", &from, &to];
        succeeds(&[&fixed, more].concat());
    }

    fn source(&self) -> String {
        format!("oci:{}:1", self.layout.path().display())
    }

    fn proxy(&self) -> ProxyBuilder {
        Proxy::builder(self.registry.address())
    }

    fn with(&self, fault: Fault) -> Proxy {
        self.proxy().fault(Rule::nth(1, fault)).start()
    }
}

const MANIFEST: &str = "GET /v2/app/ci/manifests/1";
const UPLOADS: &str = "POST /v2/app/release/blobs/uploads/";

#[test]
fn what_is_wrong_with_answers_is_what_the_rule_says_and_only_there() {
    let stand = Stand::new();
    let good = ask(&stand.proxy().start().address(), MANIFEST, "");
    let (length, digest) =
        (good.body.len(), good.header("docker-content-digest").expect("a digest").to_owned());
    assert_eq!((good.status(), &good.end), (200, &End::Closed));
    let table = [
        (Fault::ResetAnswer(Cut::Half), 200, length / 2, End::Reset),
        (Fault::ResetAnswer(Cut::Bytes(0)), 200, 0, End::Reset),
        (Fault::Truncate(Cut::Half), 200, length / 2, End::Closed),
        (Fault::Truncate(Cut::Bytes(7)), 200, 7, End::Closed),
        (Fault::ResetRequest, 0, 0, End::Reset),
        (Fault::status(500), 500, 0, End::Closed),
        (Fault::Hold(Duration::ZERO), 200, length, End::Closed),
        (Fault::HoldAnswer(Duration::ZERO), 200, length, End::Closed),
        (Fault::FlipAnswer, 200, length, End::Closed),
    ];
    for (fault, status, bytes, end) in table {
        let proxy = stand.with(fault.clone());
        let came = ask(&proxy.address(), MANIFEST, "");
        assert_eq!((came.status(), came.body.len(), came.end), (status, bytes, end), "{fault:?}");
        let wrong = came.body.iter().zip(&good.body).filter(|(one, other)| one != other).count();
        assert_eq!(wrong, usize::from(fault == Fault::FlipAnswer), "{fault:?}");
        if bytes < length && status == 200 {
            assert_eq!(came.header("content-length"), Some(length.to_string().as_str()), "{fault:?}");
        }
        let again = ask(&proxy.address(), MANIFEST, "");
        assert_eq!((again.status(), again.body == good.body), (200, true), "{fault:?}");
        let log = proxy.take_log();
        assert_eq!(log.iter().map(|passed| passed.faulted).collect::<Vec<_>>(), [true, false], "{fault:?}");
        assert_eq!((log[0].status, log[0].down), (status, bytes as u64), "{fault:?}");
    }
    let spoiled = ask(&stand.with(Fault::spoiled_digest()).address(), MANIFEST, "");
    assert_ne!(spoiled.header("docker-content-digest"), Some(digest.as_str()));
    assert!(spoiled.header("docker-content-digest").is_some());
    let removed = ask(&stand.with(Fault::RemoveHeader("docker-content-digest")).address(), MANIFEST, "");
    assert_eq!(removed.header("docker-content-digest"), None);
    // What has no body cannot be cut in the middle.
    let created = stand.with(Fault::Truncate(Cut::Half));
    let came = ask(&created.address(), UPLOADS, "");
    assert_eq!((came.status(), came.header("content-length")), (202, Some("1")));
    let lost = ask(&stand.with(Fault::ResetAnswer(Cut::Half)).address(), UPLOADS, "");
    assert_eq!((lost.status(), lost.end), (0, End::Reset));
}

#[test]
fn answers_of_its_own_say_when_to_come_back() {
    let stand = Stand::new();
    let table = [
        (Fault::retry_after(429, 7), 429, Some("7")),
        (Fault::retry_after_date(503, 30), 503, None),
        (Fault::error(403, "DENIED", "not you"), 403, None),
    ];
    for (fault, status, wait) in table {
        let came = ask(&stand.with(fault.clone()).address(), MANIFEST, "");
        assert_eq!(came.status(), status);
        match &fault {
            Fault::Answer(answer) => assert_eq!(String::from_utf8_lossy(&came.body), answer.body),
            _ => unreachable!(),
        }
        if wait.is_some() {
            assert_eq!(came.header("retry-after"), wait);
        }
        if status == 503 {
            let date = came.header("retry-after").and_then(|date| httpdate::parse_http_date(date).ok());
            assert!(date.is_some_and(|date| date > std::time::SystemTime::now()), "{came:?}");
        }
    }
}

#[test]
fn a_server_that_is_down_refuses_connections() {
    let stand = Stand::new();
    let proxy = stand.with(Fault::Down(Duration::from_secs(3600)));
    let came = ask(&proxy.address(), MANIFEST, "");
    assert_eq!((came.status(), came.end), (0, End::Closed));
    for _ in 0..3 {
        assert_eq!(ask(&proxy.address(), MANIFEST, "").end, End::Refused);
    }
    assert_eq!((proxy.arrived(), proxy.take_log()[0].status), (1, 0));
    let proxy = stand.with(Fault::Down(Duration::ZERO));
    ask(&proxy.address(), MANIFEST, "");
    let came =
        std::iter::repeat_with(|| ask(&proxy.address(), MANIFEST, "")).find(|came| came.end != End::Refused);
    assert_eq!(came.map(|came| came.status()), Some(200));
}

#[test]
fn a_request_that_is_reset_or_spoiled_does_not_reach_the_registry() {
    let stand = Stand::new();
    let manifest =
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[]}";
    let put = "PUT /v2/app/release/manifests/1";
    let read = "GET /v2/app/release/manifests/1";
    let proxy = stand.with(Fault::ResetRequest);
    assert_eq!(ask(&proxy.address(), put, manifest).end, End::Reset);
    assert_eq!(ask(&proxy.address(), read, "").status(), 404);
    let log = proxy.take_log();
    assert!(log[0].up > 0 && log[0].up <= manifest.len() as u64, "{log:?}");
    let proxy = stand.with(Fault::FlipRequest);
    assert_eq!(ask(&proxy.address(), put, manifest).status(), 400);
    assert_eq!(ask(&proxy.address(), read, "").status(), 404);
}

#[test]
fn an_upload_is_opened_instead_of_a_mount_and_its_location_has_many_forms() {
    let stand = Stand::new();
    let layer = "f".repeat(64);
    let mount = format!("{UPLOADS}?mount=sha256:{layer}&from=app/ci");
    let location = |forms: &[Location]| {
        let rules = forms.iter().map(|form| Rule::matching("POST *", Fault::Location(*form)));
        let opened = Rule::matching("POST *mount=*", Fault::OpenInsteadOfMount);
        let proxy = rules.fold(stand.proxy().fault(opened), ProxyBuilder::fault).start();
        let came = ask(&proxy.address(), &mount, "");
        assert_eq!(came.status(), 202);
        came.header("location").map(|location| location.replace(&proxy.address(), "HOST"))
    };
    assert_eq!(location(&[Location::Absent]), None);
    let starts = [
        (Location::Absolute, "http://HOST/v2/app/release/blobs/uploads/"),
        (Location::Path, "/v2/app/release/blobs/uploads/"),
    ];
    for (form, start) in starts {
        assert!(location(&[form]).is_some_and(|location| location.starts_with(start)), "{form:?}");
    }
    let relative = location(&[Location::Relative]).expect("a location");
    assert!(!relative.contains('/') && relative.contains("?_state="), "{relative}");
    let query = location(&[Location::Query("more=1"), Location::Path]).expect("a location");
    assert!(query.starts_with('/') && query.ends_with("&more=1"), "{query}");
}

#[test]
fn skopeo_works_with_the_tokens() {
    let stand = Stand::new();
    let anybody = stand.proxy().tokens(Tokens::new()).start();
    let robot = stand.proxy().tokens(Tokens::new().account("robot", "testing")).start();
    for (proxy, user) in [(&anybody, None), (&robot, Some("robot:testing"))] {
        let address = proxy.address();
        let (image, repository) =
            (format!("docker://{address}/app/ci:1"), format!("docker://{address}/app/ci"));
        let as_user =
            |option: &str| user.map(|user| format!("{option}={user}")).into_iter().collect::<Vec<_>>();
        let with = |fixed: &[&str], option: &str| {
            let user = as_user(option);
            succeeds(&[fixed, &user.iter().map(String::as_str).collect::<Vec<_>>()].concat())
        };
        let inspected = with(&["inspect", "--raw", "--tls-verify=false", &image], "--creds");
        assert!(inspected.contains("manifests"), "{inspected}");
        let tags = with(&["list-tags", "--tls-verify=false", &repository], "--creds");
        assert!(tags.contains("\"1\""), "{tags}");
        let (name, user) =
            (format!("new/{}:1", user.map_or("anybody", |_| "robot")), as_user("--dest-creds"));
        stand.push(&address, &name, &user.iter().map(String::as_str).collect::<Vec<_>>());
        let (repository, _) = name.split_once(':').expect("a tag");
        assert!(stand.registry.audit(repository, "1").is_ok_and(|digest| digest.is_some()));
        let log = proxy.take_log();
        assert!(log.iter().any(Passed::is_ping) && log.iter().any(Passed::is_token_call), "{log:?}");
        let let_in = log.iter().filter(|passed| passed.status < 400 && !passed.is_token_call());
        assert!(let_in.clone().count() > 5 && let_in.clone().all(|passed| passed.authorized), "{log:?}");
    }
    let image = format!("docker://{}/app/ci:1", robot.address());
    for wrong in [&[][..], &["--creds=robot:wrong"]] {
        fails(&[&["inspect", "--tls-verify=false", &image], wrong].concat());
    }
    let log = robot.take_log();
    assert!(log.iter().all(|passed| passed.status == 401), "{log:?}");
    // A token may be given, and yet not be good for writing.
    let denied = stand.proxy().tokens(Tokens::new().deny("app/release", "push")).start();
    let to = format!("docker://{}/app/release:1", denied.address());
    fails(&["copy", "--quiet", "--dest-tls-verify=false", &stand.source(), &to]);
    assert_eq!(stand.registry.audit("app/release", "1"), Ok(None));
}

#[test]
fn a_token_that_was_taken_once_may_be_refused_or_expire() {
    let stand = Stand::new();
    let image = |proxy: &Proxy| format!("docker://{}/app/ci:1", proxy.address());
    let manifest = |fault| Rule::matching("GET */manifests/*", fault);
    for (fault, told) in [(Fault::RefuseToken, "insufficient_scope"), (Fault::ExpireToken, "invalid_token")] {
        let proxy = stand.proxy().tokens(Tokens::new()).fault(manifest(fault)).start();
        fails(&["inspect", "--raw", "--tls-verify=false", &image(&proxy)]);
        let log = proxy.take_log();
        assert!(
            log.iter().any(|passed| passed.faulted && passed.authorized && passed.status == 401),
            "{log:?}"
        );
        let came = ask(&proxy.address(), MANIFEST, "");
        let challenge = came.header("www-authenticate").unwrap_or_default();
        assert!(challenge.contains("scope=\"repository:app/ci:pull\""), "{came:?}");
        // A request without a token has nothing that could expire.
        assert_eq!(challenge.contains(told), told == "insufficient_scope", "{came:?}");
    }
}

#[test]
fn skopeo_works_with_identity_tokens() {
    let stand = Stand::new();
    let proxy = stand.proxy().tokens(Tokens::new().identity("an-identity")).start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("auth.json");
    let option = format!("--authfile={}", file.display());
    let image = format!("docker://{}/app/ci:1", proxy.address());
    for (token, works) in [("another", false), ("an-identity", true)] {
        // What `docker login` writes for an identity token: the user says that there is none.
        let entry = format!(
            r#"{{"auth":"MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwOg==","identitytoken":"{token}"}}"#
        );
        std::fs::write(&file, format!(r#"{{"auths":{{"{}":{entry}}}}}"#, proxy.address())).expect("a file");
        let output = skopeo(&["inspect", "--raw", "--tls-verify=false", &option, &image]);
        assert_eq!(output.status.success(), works, "{}", String::from_utf8_lossy(&output.stderr));
        let log = proxy.take_log();
        assert!(log.iter().any(|passed| passed.is_token_call() && passed.method == "POST"), "{log:?}");
    }
}

#[test]
fn skopeo_follows_blobs_to_another_origin_without_its_token() {
    let stand = Stand::new();
    let proxy = stand.proxy().tokens(Tokens::new()).redirect_blobs().start();
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) =
        (format!("docker://{}/app/ci:1", proxy.address()), format!("dir:{}", folder.path().display()));
    succeeds(&["copy", "--all", "--quiet", "--src-tls-verify=false", &from, &to]);
    let log = proxy.take_log();
    let stored: Vec<_> = log.iter().filter(|passed| passed.is_at_storage()).collect();
    assert!(
        !stored.is_empty() && stored.iter().all(|passed| passed.status == 200 && !passed.authorized),
        "{log:?}"
    );
    let redirected = log.iter().filter(|passed| passed.status == 307);
    assert_eq!(redirected.count(), stored.len(), "{log:?}");
    // The other origin is as strict as object storage.
    let storage = ask(&proxy.address(), "GET /storage/v2/app/ci/blobs/sha256:1", "");
    assert_eq!(storage.status(), 403);
}

#[test]
fn what_passes_is_counted() {
    let stand = Stand::new();
    let proxy = stand.proxy().fault(Rule::nth(1, Fault::Hold(Duration::from_secs(3600)))).start();
    std::thread::scope(|scope| {
        let address = proxy.address();
        let held = TcpStream::connect(&address).expect("a connection");
        (&held).write_all(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n").expect("a request");
        assert!(proxy.wait_for(1, || false));
        let other = scope.spawn(move || ask(&address, MANIFEST, ""));
        let length = other.join().expect("an answer").body.len() as u64;
        assert!(!proxy.wait_for(3, || true), "the third never comes");
        assert_eq!((proxy.arrived(), proxy.most_in_flight()), (2, 2));
        drop(held);
        let log = proxy.take_log();
        assert_eq!((log[0].target.as_str(), log[0].up, log[0].down), ("/v2/app/ci/manifests/1", 0, length));
        assert!(!log[0].authorized && !log[0].is_ping());
    });
}
