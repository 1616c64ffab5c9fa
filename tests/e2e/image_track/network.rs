//! How much is asked, and how what was asked is kept.

use std::time::Duration;

use testkit::{Answer, Fault, FileServer, HeaderValue, Image, Passed, Proxy, Registry, Rule, Tokens};

use super::{Place, registry, states};

/// Manifests for so many images, each in so many places.
fn manifests(place: &Place, address: &str, images: usize, places: usize) {
    let mut values = String::new();
    for image in 0..images {
        for number in 0..places {
            let name = format!("i{image}-{number}");
            values.push_str(&format!("{name}: 1.0.0\n"));
            place.follow(&name, &format!("{address}/team/app{image}"), "^1", "values.yaml", &name);
        }
    }
    place.write("values.yaml", &values);
}

#[test]
fn two_hundred_sources_in_forty_repositories_ask_each_for_its_tags_once() {
    const IMAGES: usize = 40;
    let registry = Registry::start();
    for image in 0..IMAGES {
        registry.push(&Image::new(), &format!("team/app{image}"), &["1.0.0", "1.2.0"]);
    }
    let delay = Duration::from_millis(20);
    let proxy = Proxy::builder(registry.address()).tokens(Tokens::new()).delay(delay).start();
    let place = Place::new();
    manifests(&place, &proxy.address(), IMAGES, 5);
    let output = place.run("apply").succeeds();
    let lines = output.stderr.lines().filter(|line| line.contains("2 tags, 2 of them versions")).count();
    assert_eq!(lines, IMAGES * 5, "a line for each source: {output:?}");
    let at_a_time = proxy.most_in_flight();
    assert!((2..=64).contains(&at_a_time), "{at_a_time} requests at a time");
    assert_eq!(place.read("values.yaml").matches("1.2.0").count(), IMAGES * 5);
    let log = proxy.take_log();
    let auth = log.iter().filter(|passed| passed.is_token_call() || passed.status == 401).count();
    assert!(auth <= 2 * IMAGES, "{auth} requests for tokens");
    assert!(log.len() - auth <= 2 * IMAGES, "{} requests and {auth} for tokens", log.len() - auth);
    let lists: Vec<&Passed> =
        log.iter().filter(|passed| passed.target.contains("/tags/list") && passed.status == 200).collect();
    assert_eq!(lists.len(), IMAGES);
}

#[test]
fn lists_of_twenty_thousand_tags_are_read_to_their_end() {
    const PAGES: usize = 20;
    // Debian's registry knows no pages.
    let server = FileServer::start();
    let path = |page: usize| match page {
        0 => "/v2/team/app/tags/list".to_owned(),
        page => format!("/v2/team/app/tags/list/{page}"),
    };
    for page in 0..PAGES {
        let tags: Vec<String> = (0..1000).map(|number| format!("\"1.{page}.{number}\"")).collect();
        let next = (page + 1 < PAGES).then(|| path(page + 1));
        server.put_page(&path(page), format!("{{\"tags\": [{}]}}", tags.join(",")), next.as_deref());
    }
    let place = Place::new();
    place.write("values.yaml", "app: 1.0.0\n");
    let host = server.url().replace("http://", "");
    place.follow("app", &format!("{host}/team/app"), "^1", "values.yaml", "app");
    let run = || place.run("check").args(["--cache", "kept", "--format", "json"]).succeeds();
    for status in [200, 304] {
        assert_eq!(states(&run())["app"], "update 1.19.999");
        let log = server.take_log();
        assert_eq!((log.len(), log.iter().all(|(_, found)| *found == status)), (PAGES, true), "{log:?}");
    }
}

#[test]
fn trouble_that_passes_is_waited_out() {
    let registry = registry("team/app", &["1.2.0"]);
    let busy = Rule::matching(
        "*",
        Fault::Answer(Answer::status(429).header("retry-after", HeaderValue::Text("0".into()))),
    )
    .times(2);
    let proxy = Proxy::builder(registry.address()).delay(Duration::from_millis(1)).fault(busy).start();
    let place = Place::new();
    place.write("values.yaml", "app: 1.0.0\n");
    place.follow("app", &format!("{}/team/app", proxy.address()), "^1", "values.yaml", "app");
    place.run("apply").succeeds();
    assert_eq!(place.read("values.yaml"), "app: 1.2.0\n");
}

#[test]
fn lists_that_have_not_changed_are_not_sent_again() {
    // A registry that gives its lists entity tags; Debian's does not.
    let server = FileServer::start();
    let list = |tags: &str| {
        server.put("/v2/team/app/tags/list", format!("{{\"name\": \"team/app\", \"tags\": [{tags}]}}"))
    };
    list("\"1.1.0\"");
    let place = Place::new();
    place.write("values.yaml", "app: 1.0.0\n");
    let host = server.url().replace("http://", "");
    place.follow("app", &format!("{host}/team/app"), "^1", "values.yaml", "app");
    let run = || place.run("check").args(["--cache", "kept", "--format", "json"]).succeeds();
    assert_eq!(states(&run())["app"], "update 1.1.0");
    assert_eq!(states(&run())["app"], "update 1.1.0");
    list("\"1.1.0\", \"1.2.0\"");
    assert_eq!(states(&run())["app"], "update 1.2.0");
    let log: Vec<u16> = server.take_log().into_iter().map(|(_, status)| status).collect();
    assert_eq!(log, [200, 304, 200]);
}
