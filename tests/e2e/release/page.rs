//! The releases page, looked at in a real browser.

use std::fs;
use std::path::Path;

use serde_json::Value;
use testkit::{Browser, Tool, tool};

/// Measures pages in frames of several widths, and says what is wrong with them. The pages themselves may run no script;
/// the one around them looks in.
const LOOK: &str = r##"<!DOCTYPE html><meta charset="utf-8"><body><script>
const pages = PAGES;
const widths = [320, 390, 768, 1280];
const wrong = [];
const told = {};
function channel(c) { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }
function rgba(text) { const n = text.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; }
function luminance([r, g, b]) { return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); }
function background(view, element) {
  for (let e = element; e; e = e.parentElement) {
    const color = rgba(view.getComputedStyle(e).backgroundColor);
    if (color[3] === 1) return color;
  }
  return [255, 255, 255, 1];
}
function look(frame, name, width) {
  const seen = (told[name] ??= { links: 0, texts: 0 });
  const page = frame.contentDocument, view = frame.contentWindow;
  const root = page.documentElement;
  if (root.scrollWidth > width) wrong.push(`${name} ${width}: the page is ${root.scrollWidth} wide`);
  for (const e of page.body.querySelectorAll("*")) {
    const box = e.getBoundingClientRect();
    if (box.width && (box.right > width + 0.5 || box.left < -0.5)) wrong.push(`${name} ${width}: ${e.tagName}.${e.className} leaves the page`);
    const parent = e.parentElement.getBoundingClientRect();
    if (e.closest(".running li, .image, .assets") && box.right > parent.right + 1) wrong.push(`${name} ${width}: ${e.tagName}.${e.className} leaves its box`);
    const own = [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own) continue;
    seen.texts += 1;
    const [a, b] = [luminance(rgba(view.getComputedStyle(e).color)), luminance(background(view, e))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) wrong.push(`${name} ${width}: contrast ${contrast.toFixed(2)} of ${e.tagName}.${e.className}`);
  }
  for (const link of page.querySelectorAll("a")) {
    seen.links += 1;
    if (!link.textContent.trim()) wrong.push(`${name}: a link without text`);
    const target = link.getAttribute("href");
    if (target.startsWith("#") && !page.getElementById(decodeURIComponent(target.slice(1))) && !page.getElementById(target.slice(1))) wrong.push(`${name}: ${target} leads nowhere`);
  }
  seen.landmarks = ["header.banner", "main", "nav[aria-label]", "footer"].filter((name) => page.querySelector(name));
  const levels = [...page.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((h) => Number(h.tagName[1]));
  levels.forEach((level, at) => { if (at && level > levels[at - 1] + 1) wrong.push(`${name}: a heading skips from ${levels[at - 1]} to ${level}`); });
  if (levels.filter((level) => level === 1).length !== 1) wrong.push(`${name}: not one h1`);
  if (page.title === "" || root.lang === "") wrong.push(`${name}: no title or language`);
  const ids = [...page.querySelectorAll("[id]")].map((e) => e.id);
  if (new Set(ids).size !== ids.length) wrong.push(`${name}: an id is there twice`);
  if (page.querySelector("iframe, object, embed, form, link[rel=stylesheet], [onload], [onerror], [onclick]")) wrong.push(`${name}: it brings what nobody wrote`);
  if (page.scripts.length || page.images.length) wrong.push(`${name}: it loads something`);
  seen.releases = page.querySelectorAll("article").length;
  seen.running = page.querySelectorAll(".running li").length;
  seen.latest = [...page.querySelectorAll(".latest")].map((e) => e.parentElement.querySelector("h2").textContent);
  seen.text = page.body.innerText;
  seen.paper = view.getComputedStyle(page.body).backgroundColor;
}
let left = pages.length * widths.length;
function done() {
  if (!left) document.body.innerHTML = `<pre id="told">${JSON.stringify({ wrong, told }).replace(/&/g, "&amp;").replace(/</g, "&lt;")}</pre>`;
}
for (const name of pages) for (const width of widths) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width:${width}px;height:900px;border:0`;
  frame.onload = () => { look(frame, name, width); frame.remove(); left -= 1; done(); };
  frame.src = `${name}/public/index.html`;
  document.body.append(frame);
}
</script>"##;

/// Pages of all sorts, each in a folder of its name, and what is to be seen on them.
struct Fixture {
    name: &'static str,
    make: fn(&Path),
    releases: usize,
    running: usize,
    latest: &'static [&'static str],
    /// How many landmarks: a banner, the main part and a footer, and a list of versions where there are several.
    landmarks: usize,
    shows: &'static [&'static str],
}

const FIXTURES: [Fixture; 7] = [
    Fixture {
        name: "everything",
        make: page,
        releases: 2,
        running: 3,
        latest: &["a-name-without-a-blank-"],
        landmarks: 4,
        shows: &[
            "Notes",
            "quoted",
            "Pre-release",
            "Milestone Spring",
            "sha256:abab",
            "since 21 Nov 2026, 08:00 UTC",
        ],
    },
    Fixture {
        name: "empty",
        make: |folder| fs::create_dir(folder.join("releases")).expect("the folder is ours"),
        releases: 0,
        running: 0,
        latest: &[],
        landmarks: 3,
        shows: &["There is no release yet."],
    },
    Fixture {
        name: "one",
        make: |folder| drop(run(folder).args(["create", "1.0.0"]).succeeds()),
        releases: 1,
        running: 0,
        latest: &["1.0.0"],
        landmarks: 3,
        shows: &["Latest: 1.0.0, released on 21 November 2026"],
    },
    Fixture {
        name: "two-hundred",
        make: two_hundred,
        releases: 200,
        running: 2,
        latest: &["1.199.0"],
        landmarks: 4,
        shows: &["1.0.0", "1.100.0", "on production", "on preview"],
    },
    Fixture {
        name: "hostile",
        make: hostile,
        releases: 2,
        running: 1,
        latest: &["</bdi><script>alert(1)</script>\u{fffd}\"'&amp;"],
        landmarks: 4,
        shows: &["<script>alert(2)</script>", "<img src=x onerror=alert(3)>", "click", "<b>evil</b>"],
    },
    Fixture {
        name: "no-digest",
        make: |folder| {
            drop(
                run(folder)
                    .args(["create", "1.0.0", "--image", "localhost:5000/app/release:1.0.0"])
                    .succeeds(),
            )
        },
        releases: 1,
        running: 0,
        latest: &["1.0.0"],
        landmarks: 3,
        shows: &["Reference", "localhost:5000/app/release:1.0.0"],
    },
    Fixture {
        name: "prereleases",
        make: |folder| {
            for tag in ["1.0.0-rc.1", "1.0.0-rc.2", "1.0.0-rc.10"] {
                run(folder).args(["create", tag]).succeeds();
            }
        },
        releases: 3,
        running: 0,
        latest: &["1.0.0-rc.10"],
        landmarks: 4,
        shows: &["Pre-release"],
    },
];

fn run(folder: &Path) -> Tool {
    let run = tool("release").current_dir(folder).env("SOURCE_DATE_EPOCH", "1795248000");
    run.env("RELEASE_FORGE", "dir:.")
        .env("CI_PROJECT_NAME", "numbers-api")
        .env("CI_PAGES_URL", "https://pages.example.com/x")
}

/// More than anybody reads, each with notes.
fn two_hundred(folder: &Path) {
    fs::write(
        folder.join("notes.md"),
        "### Fixes\n\n- the upper bound ([01234567](https://example.com/c))\n",
    )
    .expect("the folder is ours");
    run(folder).args(["create", "1.0.0", "--notes", "notes.md"]).succeeds();
    let record = fs::read_to_string(folder.join("releases/1.0.0.json")).expect("the folder is ours");
    for minor in 1..200 {
        let tag = format!("1.{minor}.0");
        fs::write(folder.join(format!("releases/{tag}.json")), record.replace("1.0.0", &tag))
            .expect("the folder is ours");
    }
    run(folder).args(["env", "prod", "1.198.0"]).succeeds();
    run(folder).args(["env", "prev", "1.199.0"]).succeeds();
}

/// What a stranger could put into each text.
fn hostile(folder: &Path) {
    let notes = "# <script>alert(2)</script>\n\n<img src=x onerror=alert(3)>\n\n[click](javascript:alert(4)) ![x](https://example.com/x.png)\n\n<style>body{display:none}</style>\n\n<!-- \n\n</article></main><form action=x>\n";
    fs::write(folder.join("notes.md"), notes).expect("the folder is ours");
    let name = "</bdi><script>alert(1)</script>\u{202e}\"'&amp;";
    let create = run(folder).args(["create", "1.0.0", "--name", name, "--notes", "notes.md"]);
    let create =
        create.args(["--image", "oci:x\"><script>alert(5)</script>:1", "--milestone", "<b>evil</b>"]);
    create
        .args(["--asset", "\"><script>alert(6)</script>=https://example.com/\"onmouseover=\"alert(7)"])
        .succeeds();
    run(folder).args(["create", "a\"onclick=\"alert(8)", "--any-tag", "--ref", "<b>\"'"]).succeeds();
    run(folder)
        .args(["env", "prod", "1.0.0-\"><script>alert(9)</script>", "--url", "https://example.com/\"'<>"])
        .succeeds();
}

/// A page with everything that a page can have, and names that are too long for any of it.
fn page(folder: &Path) {
    let long = "a-name-without-a-blank-".repeat(8);
    let notes = format!(
        "# Notes\n\n- one [link](https://example.com/{long})\n\n| a | b |\n|---|---|\n| {long} | 2 |\n\n```\n{long}{long}\n```\n\n> quoted\n\n## More\n\n`{long}`\n"
    );
    fs::write(folder.join("notes.md"), notes).expect("the folder is ours");
    let image = format!("registry.example.com/team/{long}x/release:1.0.0@sha256:{}", "ab".repeat(32));
    let run = || run(folder);
    let first = run().args(["create", "1.0.0", "--notes", "notes.md", "--image", &image, "--name", &long]);
    first
        .args(["--asset", &format!("{long}=https://{}/x,type=package", "host.".repeat(12) + "example.com")])
        .succeeds();
    run().args(["create", "1.1.0-rc.1", "--milestone", "Spring"]).succeeds();
    run().args(["env", "prod", "1.0.0", "--url", "https://app.example.com/"]).succeeds();
    run().args(["env", "prev", "1.1.0-rc.1"]).succeeds();
    run().args(["env", &"x".repeat(64), &format!("0.0.0-{}", "y".repeat(80))]).succeeds();
}

#[test]
fn pages_fit_every_width_can_be_read_in_light_and_dark_and_their_links_lead_somewhere() {
    let Some(browser) = Browser::find("the releases page") else { return };
    let folder = tempfile::tempdir().unwrap();
    for fixture in &FIXTURES {
        fs::create_dir(folder.path().join(fixture.name)).unwrap();
        (fixture.make)(&folder.path().join(fixture.name));
        run(&folder.path().join(fixture.name)).arg("page").succeeds();
    }
    let names = serde_json::json!(FIXTURES.map(|fixture| fixture.name)).to_string();
    fs::write(folder.path().join("look.html"), LOOK.replace("PAGES", &names)).unwrap();
    let light = look(&browser, folder.path(), "--blink-settings=preferredColorScheme=1");
    let dark = look(&browser, folder.path(), "--blink-settings=preferredColorScheme=0");
    for fixture in &FIXTURES {
        let (light, dark) = (&light[fixture.name], &dark[fixture.name]);
        check(fixture, light);
        check(fixture, dark);
        assert_ne!(light["paper"], dark["paper"], "light and dark have different paper");
    }
}

/// What the browser tells of each page.
fn look(browser: &Browser, folder: &Path, scheme: &str) -> Value {
    let options =
        ["--allow-file-access-from-files", "--virtual-time-budget=20000", "--window-size=1400,1000"];
    let dom = browser.open(&folder.join("look.html"), &[&options[..], &[scheme, "--dump-dom"]].concat());
    let dom = String::from_utf8_lossy(&dom).into_owned();
    let told = dom.split_once("<pre id=\"told\">").and_then(|(_, rest)| rest.split_once("</pre>"));
    let (told, _) = told.unwrap_or_else(|| panic!("nothing was measured: {dom}"));
    let told = told.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let told: Value = serde_json::from_str(&told).expect("as rendered");
    assert_eq!(told["wrong"], serde_json::json!([]), "{scheme}");
    told["told"].clone()
}

fn check(fixture: &Fixture, told: &Value) {
    let name = fixture.name;
    assert_eq!(told["releases"], fixture.releases, "{name}");
    assert_eq!(told["running"], fixture.running, "{name}");
    assert_eq!(told["landmarks"].as_array().map(Vec::len), Some(fixture.landmarks), "{name}: {told}");
    let latest: Vec<_> = told["latest"]
        .as_array()
        .expect("as rendered")
        .iter()
        .map(|tag| tag.as_str().expect("as rendered"))
        .collect();
    assert_eq!(latest.len(), fixture.latest.len(), "{name}: {latest:?}");
    for (found, expected) in latest.iter().zip(fixture.latest) {
        assert!(found.starts_with(expected), "{name}: {found}");
    }
    let text = told["text"].as_str().expect("as rendered");
    for part in fixture.shows {
        assert!(text.contains(part), "{name}: {part} is missing in {text}");
    }
}

#[test]
fn the_feed_is_xml_that_names_every_release() {
    let folder = tempfile::tempdir().unwrap();
    page(folder.path());
    let feed = fs::read_to_string(folder.path().join("public/feed.xml")).unwrap();
    let document = roxmltree::Document::parse(&feed).unwrap();
    let atom =
        |name| move |node: &roxmltree::Node<'_, '_>| node.has_tag_name(("http://www.w3.org/2005/Atom", name));
    let entries: Vec<_> = document.descendants().filter(atom("entry")).collect();
    assert_eq!(entries.len(), 2);
    for node in document.descendants().filter(|node| atom("entry")(node) || atom("feed")(node)) {
        for name in ["id", "title", "updated"] {
            assert_eq!(node.children().filter(atom(name)).count(), 1, "{name} of {:?}", node.tag_name());
        }
    }
    let ids: Vec<_> = document.descendants().filter(atom("id")).filter_map(|id| id.text()).collect();
    assert_eq!(
        ids,
        [
            "https://pages.example.com/x/",
            "https://pages.example.com/x/#1.1.0-rc.1",
            "https://pages.example.com/x/#1.0.0"
        ]
    );
    let links: Vec<_> = document
        .root_element()
        .children()
        .filter(atom("link"))
        .filter_map(|link| link.attribute("href"))
        .collect();
    assert_eq!(links, ["https://pages.example.com/x/feed.xml", "https://pages.example.com/x/"]);
    let content =
        entries[1].children().find(atom("content")).and_then(|content| content.text().map(str::to_owned));
    assert!(content.is_some_and(|html| html.contains("<table>")), "{feed}");
}

#[test]
fn the_page_of_nothing_is_a_page() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("releases")).unwrap();
    let run = run(folder.path()).args(["page", "--out", "site/public"]);
    assert_eq!(run.succeeds().stdout(), "page created: site/public/index.html\n");
    let html = fs::read_to_string(folder.path().join("site/public/index.html")).unwrap();
    assert!(html.contains("There is no release yet."), "{html}");
    assert!(folder.path().join("site/public/releases.json").is_file());
}
