//! An engine elsewhere, behind TLS: it has none of our files, and asks who we are.

use testkit::{Engine, Tool};

use super::stand::Stand;

fn remote(tool: Tool, engine: &Engine) -> Tool {
    tool.env("DOCKER_HOST", engine.remote_host())
        .env("DOCKER_TLS_VERIFY", "1")
        .env("DOCKER_CERT_PATH", engine.certificates())
}

#[test]
fn files_are_copied_where_they_cannot_be_mounted() {
    let Some(stand) = Stand::new() else { return };
    stand.write("code/tests/one", "content");
    stand.write("config.ini", "x=1");
    let options = [
        "--mount",
        "code:/app",
        "--copy",
        "config.ini:/etc/app/",
        "--user",
        "1000:1000",
        "--workdir",
        "/app",
        "--artifact",
        "out:reports",
    ];
    let script = "cat tests/one /etc/app/config.ini; mkdir out; echo report > out/r; exit 3";
    let output = remote(stand.sh(&options, script), stand.engine).run();
    assert_eq!((output.code, output.stdout()), (Some(3), "contentx=1"), "{output:?}");
    assert!(output.stderr.contains("code is copied to /app, for the engine is elsewhere"), "{output:?}");
    assert_eq!(std::fs::read_to_string(stand.path("reports/r")).ok().as_deref(), Some("report\n"));
    assert!(!stand.path("code/out").exists(), "what changes there stays there");
    stand.nothing_left();
}

#[test]
fn a_context_leads_to_the_engine_as_variables_do() {
    let Some(stand) = Stand::new() else { return };
    let config = stand.path("docker");
    let folder = stand.engine.certificates();
    let certificate =
        |name: &str| format!("{}={}", name.trim_end_matches(".pem"), folder.join(name).display());
    let endpoint = format!(
        "host={},{},{},{}",
        stand.engine.remote_host(),
        certificate("ca.pem"),
        certificate("cert.pem"),
        certificate("key.pem")
    );
    let made = stand
        .engine
        .command(&["context", "create", "far", "--docker", &endpoint])
        .env_remove("DOCKER_HOST")
        .env("DOCKER_CONFIG", &config)
        .output()
        .expect("docker");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let run = || {
        testkit::tool("image-gate")
            .args(["run", Engine::BASE, "--", "echo", "far"])
            .env("DOCKER_CONFIG", &config)
    };
    assert_eq!(run().env("DOCKER_CONTEXT", "far").succeeds().stdout(), "far\n");
    let unknown = run().env("DOCKER_CONTEXT", "nowhere").fails(2);
    assert!(unknown.error()[0].contains("cannot use the docker context 'nowhere'"), "{unknown:?}");
    stand.nothing_left();
}

#[test]
fn who_cannot_be_trusted_is_not_spoken_to() {
    let Some(stand) = Stand::new() else { return };
    let certificates = stand.path("certificates");
    std::fs::create_dir(&certificates).expect("a folder");
    let run = |host: &str| {
        stand
            .sh(&[], "true")
            .env("DOCKER_HOST", host)
            .env("DOCKER_TLS_VERIFY", "1")
            .env("DOCKER_CERT_PATH", &certificates)
    };
    let host = stand.engine.remote_host();
    let absent = run(&host).fails(2);
    assert!(
        absent.error()[0].contains("ca.pem") && absent.error()[1].contains("DOCKER_CERT_PATH"),
        "{absent:?}"
    );
    // The right authority, and no certificate of our own.
    std::fs::copy(stand.engine.certificates().join("ca.pem"), certificates.join("ca.pem")).expect("a copy");
    let nobody = run(&host).fails(125);
    assert!(nobody.error()[0].contains("cannot reach the Docker engine"), "{nobody:?}");
    // Another authority.
    let registry = testkit::Registry::builder().tls().start();
    std::fs::copy(registry.authority(), certificates.join("ca.pem")).expect("a copy");
    let stranger = run(&host).fails(125);
    assert!(stranger.error()[0].contains("certificate"), "{stranger:?}");
    assert!(stranger.error()[1].contains("ca.pem"), "{stranger:?}");
    // TLS is not spoken where nobody asked for it.
    let plain = stand.sh(&[], "true").env("DOCKER_HOST", &host).fails(125);
    assert!(plain.error().join(" ").contains("DOCKER_TLS_VERIFY"), "{plain:?}");
}
