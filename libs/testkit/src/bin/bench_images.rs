//! Fills a repository for a bench: `bench-images COUNT LAYOUT`.
//!
//! Writes COUNT small images into a layout directory, starts a double of Artifactory with the same ones, prints its
//! address, and answers each line of its standard input with how many requests have come since the last one. It ends with
//! its standard input.

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::path::Path;

use testkit::{Artifactory, File, Image};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [count, layout] = arguments.as_slice() else {
        return Err("usage: bench-images COUNT LAYOUT".into());
    };
    let (count, layout): (usize, _) = (count.parse()?, Path::new(layout));
    let server = Artifactory::builder().local("docker-local").start();
    for number in 0..count {
        let (content, tag) = (number.to_string(), format!("v{number:05}"));
        Image::new().layer(vec![File::new("content", content)]).write(layout, &tag)?;
    }
    for number in 0..count {
        let tag = format!("v{number:05}");
        server.push(layout, &tag, "docker-local", "team/app", &tag);
        let path = format!("docker-local/team/app/{tag}/list.manifest.json");
        server.set_property(&path, "tested", &["true"]);
    }
    let mut out = io::stdout();
    writeln!(out, "{}", server.address())?;
    server.take_log();
    for line in io::stdin().lock().lines() {
        line?;
        writeln!(out, "{}", server.take_log().len())?;
    }
    Ok(())
}
