//! A page with badges of all styles, to look at: `cargo run -p pypelines-badge --example sheet >sheet.html`.

use std::io::{self, Write};

use pypelines_badge::{Badge, Color, Logo, Style};

const LOGO: &[u8] = br##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 14 14"><path d="M7 0l7 14H0z" fill="#fc6d26"/></svg>"##;

const TEXTS: [(&str, &str, &str); 14] = [
    ("lines of code", "296462", "blue"),
    ("coverage", "87.5%", "green"),
    ("build", "passing", "brightgreen"),
    ("type coverage", "100%", "yellowgreen"),
    ("python", "3.9 | 3.10 | 3.11", "orange"),
    ("status", "failing", "red"),
    ("i", "l", "lightgrey"),
    ("", "9510", "yellow"),
    ("code style", "black", "000"),
    ("license", "MIT OR Apache-2.0", "white"),
    ("naïve café", "über 9 000 ✓ → ∞", "rebeccapurple"),
    ("покрытие κάλυψη", "95 %", "gold"),
    ("日本語 🚀", "完了", "hotpink"),
    ("a long label that goes on and on", "and its message, which says a lot as well", "teal"),
];

fn main() -> io::Result<()> {
    let mut page =
        String::from("<!doctype html><meta charset=utf-8><body style=\"margin:0;font:12px sans-serif\">");
    for background in ["#ffffff", "#0d1117"] {
        page += &format!(
            "<div style=\"background:{background};padding:8px;display:flex;flex-wrap:wrap;gap:6px 18px\">"
        );
        for style in Style::ALL {
            page += "<div style=\"display:flex;flex-direction:column;gap:5px;align-items:flex-start\">";
            for (number, (label, message, color)) in TEXTS.into_iter().enumerate() {
                let badge =
                    Badge::new(label, message).style(style).color(color.parse().unwrap_or(Color::BLUE));
                let logo = Logo::from_bytes(LOGO).ok().filter(|_| number % 3 == 1);
                let badge = if let Some(logo) = logo { badge.logo(logo) } else { badge };
                page += &picture(&badge.render());
            }
            page += "</div>";
        }
        page += "</div>";
    }
    io::stdout().write_all(page.as_bytes())
}

/// As pages show badges: nothing but the file.
fn picture(svg: &str) -> String {
    let encoded: String = svg.bytes().map(|byte| format!("%{byte:02x}")).collect();
    format!("<img src=\"data:image/svg+xml,{encoded}\">")
}
