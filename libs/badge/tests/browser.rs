//! Badges in a real browser, headless: do the texts fit, and is there anything to see.
//!
//! Debian's chromium has no Verdana: DejaVu Sans stands in for it, and Liberation Sans for Helvetica, as for most readers
//! on Linux. `ci/test` installs all three.

use std::fs;
use std::io;
use std::path::Path;

use pypelines_badge::{Badge, Color, Logo, Style};
use testkit::Browser;

/// Pixels by which a text may be stretched or squeezed.
const TOLERANCE: f64 = 2.0;

const TEXTS: [(&str, &str); 30] = [
    ("lines of code", "296462"),
    ("coverage", "87.5%"),
    ("coverage", "100%"),
    ("coverage", "99.9%"),
    ("type coverage", "12.3%"),
    ("build", "passing"),
    ("pipeline", "failed"),
    ("release", "v1.10.0"),
    ("version", "2026.11.21"),
    ("production", "v2.0.0-rc.1+build.5"),
    ("license", "MIT OR Apache-2.0"),
    ("code style", "ruff"),
    ("python", "3.9 | 3.10 | 3.11 | 3.12"),
    ("downloads", "12.3k/month"),
    ("image size", "41.5 MB"),
    ("vulnerabilities", "0 critical, 2 high"),
    ("tests", "1204 passed, 3 skipped"),
    ("mutation score", "71% (+2%)"),
    ("CI", "ok"),
    ("i", "l"),
    ("WWW", "MMM"),
    ("AVATAR To Ya", "Type VALUE"),
    ("AWAY LAVA TATA", "LTD. P.O. VAT"),
    ("iiiillll", "||||||||"),
    ("I:I:I:I", "..........%%%%"),
    ("a_b/c\\d*e", "[x] {y} <z> \"q\" `t`"),
    ("naïve café", "über 9 000 ✓"),
    ("покрытие", "95 % строк"),
    ("κάλυψη κώδικα", "≥ 80 % → ∞"),
    ("a long label that goes on and on", "and its message, which says just as much as well"),
];

fn chromium(browser: &Browser, folder: &Path, action: &str, page: &str) -> Vec<u8> {
    let file = folder.join("page.html");
    fs::write(&file, page).expect("a page");
    let look = ["--hide-scrollbars", "--force-device-scale-factor=1", "--window-size=600,400", action];
    browser.open(&file, &look)
}

#[test]
fn thirty_labels_are_as_wide_as_they_are_declared() {
    let Some(browser) = Browser::find("badges") else { return };
    let mut page = "<!doctype html><meta charset=utf-8><body>".to_owned();
    for style in Style::ALL {
        for (label, message) in TEXTS {
            let svg = Badge::new(label, message).style(style).render();
            page += &format!("<div id={style}>{svg}</div>");
        }
    }
    // How wide a text would be if nothing stretched it. A line: style, declared, natural, text.
    page += "<pre></pre><script>
        let lines = '\\n';
        for (const text of document.querySelectorAll('text')) {
            if (text.closest('[aria-hidden]')) continue;
            const declared = text.getAttribute('textLength') / 10;
            text.removeAttribute('textLength');
            const natural = text.getComputedTextLength() / 10;
            lines += ['measured', text.closest('div').id, declared, natural, text.textContent.trim()].join('\\t') + '\\n';
        }
        document.querySelector('pre').textContent = lines;
    </script>";
    let folder = tempfile::tempdir().unwrap();
    let dom = String::from_utf8(chromium(&browser, folder.path(), "--dump-dom", &page)).unwrap();
    let mut measured = 0;
    let mut wrong = Vec::new();
    for line in dom.lines().filter_map(|line| line.strip_prefix("measured\t")) {
        let columns: Vec<_> = line.split('\t').collect();
        let [style, declared, natural, text] = columns[..] else { panic!("{line}") };
        let off = declared.parse::<f64>().unwrap() - natural.parse::<f64>().unwrap();
        measured += 1;
        if off.abs() > TOLERANCE {
            wrong.push(format!("{style} {off:+.2}: {text}"));
        }
    }
    assert_eq!(measured, Style::ALL.len() * TEXTS.len() * 2, "{dom}");
    assert!(wrong.is_empty(), "{} of {measured}: {wrong:#?}", wrong.len());
}

/// A picture of a page.
struct Screenshot {
    pixels: Vec<u8>,
    width: usize,
    channels: usize,
}

impl Screenshot {
    fn of(browser: &Browser, page: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("page.png");
        chromium(browser, folder.path(), &format!("--screenshot={}", file.display()), page);
        let mut reader = png::Decoder::new(io::Cursor::new(fs::read(&file).expect("a file")))
            .read_info()
            .expect("a picture");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut pixels).expect("pixels");
        Self { pixels, width: info.width as usize, channels: info.color_type.samples() }
    }

    fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let start = (y * self.width + x) * self.channels;
        self.pixels[start..start + 3].try_into().expect("three channels")
    }

    /// How many pixels of a rectangle have nearly this colour.
    fn count(&self, [x, y, width, height]: [usize; 4], color: [u8; 3]) -> usize {
        let near = |at: [u8; 3]| at.iter().zip(color).all(|(part, wanted)| part.abs_diff(wanted) < 40);
        let columns = |row| (x..x + width).map(move |column| (column, row));
        (y..y + height).flat_map(columns).filter(|&(x, y)| near(self.at(x, y))).count()
    }
}

#[test]
fn every_style_is_drawn_inside_an_img() {
    let Some(browser) = Browser::find("badges") else { return };
    const LOGO: &[u8] =
        b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><path d='M0 0h1v1H0z' fill='#f0f'/></svg>";
    let folder = tempfile::tempdir().unwrap();
    let mut page = "<!doctype html><meta charset=utf-8><body style='background:#00ffff'>".to_owned();
    for (row, style) in Style::ALL.into_iter().enumerate() {
        let badge = Badge::new("coverage", "87.5%").style(style).color(Color::BLUE);
        let svg = badge.logo(Logo::from_bytes(LOGO).unwrap()).render();
        let file = folder.path().join(format!("{style}.svg"));
        fs::write(&file, svg).unwrap();
        let top = 20 + 50 * row;
        page +=
            &format!("<img src='file://{}' style='position:absolute;left:10px;top:{top}px'>", file.display());
    }
    let picture = Screenshot::of(&browser, &page);
    let (cyan, grey, blue) = ([0, 255, 255], [0x55; 3], [0, 0x7e, 0xc6]);
    for (row, style) in Style::ALL.into_iter().enumerate() {
        let top = 20 + 50 * row;
        let whole = [10, top, 100, 18];
        assert!(picture.count([15, top, 22, 24], [255, 0, 255]) > 100, "{style}: the logo");
        assert_eq!(picture.at(5, top + 5), cyan, "{style}: the page beside it");
        let light = picture.count(whole, [255; 3]);
        if style == Style::Social {
            assert!(light > 500, "{style}: the boxes, {light}");
            assert!(picture.count(whole, [0x33; 3]) > 40, "{style}: the text");
        } else {
            assert!(picture.count(whole, grey) > 150, "{style}: the left half");
            assert!(picture.count([100, top, 30, 18], blue) > 60, "{style}: the right half");
            assert!(light > 20, "{style}: the text, {light}");
        }
    }
    let corner = |style: Style| {
        let row = Style::ALL.into_iter().position(|one| one == style).unwrap();
        picture.at(10, 20 + 50 * row)
    };
    assert_eq!(corner(Style::FlatSquare), grey);
    assert_ne!(corner(Style::Flat), grey, "its corners are round");
}
