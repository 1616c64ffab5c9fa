//! What the page shows.

use forge::{Draft, Forge, Opening};

use super::*;

fn forge() -> Forge {
    let client = || unreachable!("a directory has no server");
    let opening = Opening { client: &client, variables: &|_| None, dry_run: true, site: None };
    Forge::open(&"dir:none".parse().unwrap(), opening).unwrap()
}

fn render(project: Option<&str>, releases: &[Release]) -> String {
    rendered(project, releases, &Environments::new())
}

fn rendered(project: Option<&str>, releases: &[Release], environments: &Environments) -> String {
    super::render(&Known { project, releases, environments, site: None, forge: &forge() })
}

fn draft(tag: &str) -> Draft {
    Draft {
        tag: tag.parse().unwrap(),
        name: tag.into(),
        git_ref: None,
        description: String::new(),
        released_at: "2026-11-21T08:00:00Z".parse().unwrap(),
        image: None,
        milestones: Vec::new(),
        assets: Vec::new(),
    }
}

fn page(drafts: Vec<Draft>) -> String {
    let releases: Vec<Release> = drafts.into_iter().map(|draft| Release::new(draft).unwrap()).collect();
    render(Some("numbers-api"), &releases)
}

/// What stands between the head and the end.
fn body(html: &str) -> &str {
    html.split_once("<body>").unwrap().1
}

#[test]
fn a_release_is_shown_with_all_it_has() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let html = page(vec![Draft {
        name: "Spring".into(),
        git_ref: Some("0123456789012345678901234567890123456789".parse().unwrap()),
        description: "## New\n- **one**".into(),
        image: Some(format!("host/app:1.0.0@{digest}").parse().unwrap()),
        assets: vec![Asset::new("Guide", "https://example.com/guide").unwrap().with_type(LinkType::Runbook)],
        ..draft("v1.0.0")
    }]);
    let expected = [
        "<title>numbers-api releases</title>",
        "<article aria-labelledby=\"v1.0.0\">",
        "<h2 id=\"v1.0.0\"><a href=\"#v1.0.0\"><bdi>Spring</bdi></a></h2>",
        "<time datetime=\"2026-11-21T08:00:00Z\">21 November 2026</time>",
        "<li>Tag <code><bdi>v1.0.0</bdi></code></li>",
        "<code title=\"0123456789012345678901234567890123456789\">01234567</code>",
        "<h3>New</h3>",
        "<code>host/app:1.0.0</code>",
        &format!("<code>{digest}</code>"),
        "<a href=\"https://example.com/guide\" rel=\"nofollow noopener noreferrer\"><bdi>Guide</bdi></a>",
        "<span class=\"label\">Runbook</span>",
    ];
    for part in expected {
        assert!(html.contains(part), "{part} is missing in {html}");
    }
}

#[test]
fn every_text_is_escaped() {
    let hostile = "<script>\"&'</script>";
    let html = render(
        Some(hostile),
        &[Release::new(Draft {
            name: hostile.into(),
            git_ref: Some("<b>\"'&".parse().unwrap()),
            description: hostile.into(),
            image: Some("<i>\"'&:1".parse().unwrap()),
            assets: vec![Asset::new(hostile, "https://example.com/\"'<>&?\"'<>&").unwrap()],
            ..draft("v1.0.0")
        })
        .unwrap()],
    );
    for bad in ["<script", "<b>", "<i>", "\"'", "'<"] {
        assert!(!body(&html).contains(bad), "{bad} in {html}");
    }
    assert!(html.contains("<title>&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt; releases</title>"), "{html}");
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let html = page(vec![Draft { description: "![x](https://example.com/x.png)".into(), ..draft("v1.0.0") }]);
    for bad in ["<script", "<img", "src=", "@import", "url(", "<iframe", " on"] {
        assert!(!html.replace("released on", "").contains(bad), "{bad} in {html}");
    }
}

#[test]
fn the_latest_is_the_newest_version_that_is_no_prerelease() {
    let label = "<span class=\"label latest\">Latest</span>";
    let table = [
        (vec!["v2.0.0-rc.1", "v1.1.0", "v1.0.0", "nightly"], "v1.1.0"),
        (vec!["v2.0.0-rc.2", "v2.0.0-rc.1"], "v2.0.0-rc.2"),
        (vec!["nightly"], "nightly"),
    ];
    for (tags, expected) in table {
        let html = page(tags.into_iter().map(draft).collect());
        assert_eq!(html.matches(label).count(), 1, "{expected}");
        assert!(html.contains(&format!("<bdi>{expected}</bdi></a></h2> {label}")), "{expected}: {html}");
    }
}

#[test]
fn links_within_the_page_lead_somewhere() {
    let html = page(["v1.0.0", "api/v1.0.0", "a\"><b>&", "é"].map(draft).into());
    let targets: Vec<&str> =
        html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(targets.len(), 1 + 4 + 4);
    for target in targets {
        assert!(html.contains(&format!("<h2 id=\"{target}\">")), "{target}");
    }
}

#[test]
fn a_list_of_versions_is_there_when_there_are_several() {
    assert!(!page(vec![draft("v1.0.0")]).contains("<nav"));
    assert!(page(vec![draft("v1.0.1"), draft("v1.0.0")]).contains("<nav"));
}

#[test]
fn a_page_without_a_project_or_releases_is_a_page() {
    let html = render(None, &[]);
    assert!(html.contains("<title>Releases</title>") && html.contains("<h1>Releases</h1>"), "{html}");
    assert!(html.ends_with("</html>\n"));
}

#[test]
fn what_runs_where_comes_first_production_before_the_others() {
    let releases: Vec<Release> =
        ["v1.1.0", "v1.0.0"].map(|tag| Release::new(draft(tag)).unwrap()).into_iter().collect();
    let since = "2026-11-21T08:05:00Z".parse().unwrap();
    let table = [
        ("dev", "0123456<b>", None),
        ("prev", "v1.1.0", None),
        ("prod", "1.0.0", Some("https://app.example.com/?a&b")),
    ];
    let environments: Environments = table
        .into_iter()
        .map(|(name, version, url)| {
            let url = url.map(|url| Deployment::address(url).unwrap());
            (name.parse().unwrap(), Deployment { version: version.parse().unwrap(), since, url })
        })
        .collect();
    let html = rendered(Some("x"), &releases, &environments);
    let places: Vec<&str> = html.split("<p class=\"place\">").skip(1).map(|rest| &rest[..12]).collect();
    assert!(
        places[0].starts_with("<a href") && places[1].starts_with("preview") && places[2].starts_with("dev"),
        "{places:?}"
    );
    let expected = [
        "<a href=\"https://app.example.com/?a&amp;b\" rel=\"nofollow noopener noreferrer\">production</a>",
        "<a href=\"#v1.0.0\"><bdi>1.0.0</bdi></a>",
        "<bdi>0123456&lt;b&gt;</bdi></p>",
        "since <time datetime=\"2026-11-21T08:05:00Z\">21 Nov 2026, 08:05 UTC</time>",
        "<span class=\"label runs\">on preview</span>",
    ];
    for part in expected {
        assert!(html.contains(part), "{part} is missing in {html}");
    }
}
