//! The releases page, looked at in a real browser.

use std::fs;
use std::path::Path;

use serde_json::Value;
use testkit::{Browser, tool};

/// Measures the page in frames of several widths, and says what is wrong with it. The page itself may run no script; the
/// one around it looks in.
const LOOK: &str = r##"<!DOCTYPE html><meta charset="utf-8"><body><script>
const widths = [320, 390, 768, 1280];
const wrong = [];
const seen = { links: 0, texts: 0, landmarks: [] };
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
function look(frame, width) {
  const page = frame.contentDocument, view = frame.contentWindow;
  const root = page.documentElement;
  if (root.scrollWidth > width) wrong.push(`${width}: the page is ${root.scrollWidth} wide`);
  for (const e of page.body.querySelectorAll("*")) {
    const box = e.getBoundingClientRect();
    if (box.width && (box.right > width + 0.5 || box.left < -0.5)) wrong.push(`${width}: ${e.tagName}.${e.className} leaves the page`);
    const parent = e.parentElement.getBoundingClientRect();
    if (e.closest(".running li, .image, .assets") && box.right > parent.right + 1) wrong.push(`${width}: ${e.tagName}.${e.className} leaves its box`);
    const own = [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own) continue;
    seen.texts += 1;
    const [a, b] = [luminance(rgba(view.getComputedStyle(e).color)), luminance(background(view, e))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) wrong.push(`${width}: contrast ${contrast.toFixed(2)} of ${e.tagName}.${e.className}`);
  }
  for (const link of page.querySelectorAll("a")) {
    seen.links += 1;
    if (!link.textContent.trim()) wrong.push("a link without text");
    const target = link.getAttribute("href");
    if (target.startsWith("#") && !page.getElementById(decodeURIComponent(target.slice(1))) && !page.getElementById(target.slice(1))) wrong.push(`${target} leads nowhere`);
  }
  seen.landmarks = ["header.banner", "main", "nav[aria-label]", "footer"].filter((name) => page.querySelector(name));
  const levels = [...page.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((h) => Number(h.tagName[1]));
  levels.forEach((level, at) => { if (at && level > levels[at - 1] + 1) wrong.push(`a heading skips from ${levels[at - 1]} to ${level}`); });
  if (levels.filter((level) => level === 1).length !== 1) wrong.push("not one h1");
  if (page.title === "" || root.lang === "") wrong.push("no title or language");
  if (page.scripts.length || page.images.length) wrong.push("it loads something");
  seen.paper = view.getComputedStyle(page.body).backgroundColor;
}
let left = widths.length;
for (const width of widths) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width:${width}px;height:900px;border:0`;
  frame.onload = () => { look(frame, width); left -= 1; if (!left) document.body.innerHTML = `<pre id="told">${JSON.stringify({ wrong, ...seen }).replace(/&/g, "&amp;").replace(/</g, "&lt;")}</pre>`; };
  frame.src = "public/index.html";
  document.body.append(frame);
}
</script>"##;

/// A page with everything that a page can have, and names that are too long for any of it.
fn page(folder: &Path) {
    let long = "a-name-without-a-blank-".repeat(8);
    let notes = format!(
        "# Notes\n\n- one [link](https://example.com/{long})\n\n| a | b |\n|---|---|\n| {long} | 2 |\n\n```\n{long}{long}\n```\n\n> quoted\n\n## More\n\n`{long}`\n"
    );
    fs::write(folder.join("notes.md"), notes).expect("the folder is ours");
    let image = format!("registry.example.com/team/{long}/release:1.0.0@sha256:{}", "ab".repeat(32));
    let run = || {
        let run = tool("release").current_dir(folder).env("SOURCE_DATE_EPOCH", "1795248000");
        run.env("RELEASE_FORGE", "dir:.")
            .env("CI_PROJECT_NAME", "numbers-api")
            .env("CI_PAGES_URL", "https://pages.example.com/x")
    };
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
fn the_page_fits_every_width_can_be_read_in_light_and_dark_and_its_links_lead_somewhere() {
    let Some(browser) = Browser::find("the releases page") else { return };
    let folder = tempfile::tempdir().unwrap();
    page(folder.path());
    fs::write(folder.path().join("look.html"), LOOK).unwrap();
    let mut papers = Vec::new();
    for scheme in ["--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0"] {
        let look =
            ["--allow-file-access-from-files", "--virtual-time-budget=10000", "--window-size=1400,1000"];
        let dom =
            browser.open(&folder.path().join("look.html"), &[&look[..], &[scheme, "--dump-dom"]].concat());
        let dom = String::from_utf8_lossy(&dom).into_owned();
        let told = dom.split_once("<pre id=\"told\">").and_then(|(_, rest)| rest.split_once("</pre>"));
        let (told, _) = told.unwrap_or_else(|| panic!("nothing was measured: {dom}"));
        let told: Value =
            serde_json::from_str(&told.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
                .unwrap();
        assert_eq!(told["wrong"], serde_json::json!([]), "{scheme}");
        assert_eq!(told["landmarks"].as_array().map(Vec::len), Some(4), "{told}");
        assert!(told["texts"].as_u64() > Some(100) && told["links"].as_u64() > Some(40), "{told}");
        papers.push(told["paper"].clone());
    }
    assert_ne!(papers[0], papers[1], "light and dark have different paper");
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
            "https://pages.example.com/x",
            "https://pages.example.com/x#1.1.0-rc.1",
            "https://pages.example.com/x#1.0.0"
        ]
    );
    let content =
        entries[1].children().find(atom("content")).and_then(|content| content.text().map(str::to_owned));
    assert!(content.is_some_and(|html| html.contains("<table>")), "{feed}");
}

#[test]
fn the_page_of_nothing_is_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let run = tool("release")
        .args(["page", "--forge", "dir:none", "--out", "site/public"])
        .current_dir(folder.path());
    assert_eq!(run.succeeds().stdout(), "page created: site/public/index.html\n");
    let html = fs::read_to_string(folder.path().join("site/public/index.html")).unwrap();
    assert!(html.contains("There is no release yet."), "{html}");
    assert!(folder.path().join("site/public/releases.json").is_file());
}
