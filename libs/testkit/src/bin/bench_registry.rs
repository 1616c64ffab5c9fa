//! A registry that is full and far away, for a bench: `bench-registry REPOSITORIES TAGS DELAY_MS`.
//!
//! Starts Debian's docker-registry with so many repositories, `team/app0` and on, each with tags from `1.0.0` on, and a
//! proxy in front of it that wants tokens. Prints the proxy's address, and answers each line of its standard input with
//! `REQUESTS TOKENS`: how many requests have come since the last one, and how many of them were about tokens. It ends with its
//! standard input.

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::time::Duration;

use testkit::{Image, Proxy, Registry, Tokens};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<usize> =
        std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let [repositories, tags, delay] = arguments[..] else {
        return Err("usage: bench-registry REPOSITORIES TAGS DELAY_MS".into());
    };
    let registry = Registry::start();
    let tags: Vec<String> = (0..tags).map(|number| format!("1.{number}.0")).collect();
    let image = Image::new().only("linux", "amd64");
    for number in 0..repositories {
        registry.push(&image, &format!("team/app{number}"), &tags);
    }
    let delay = Duration::from_millis(delay as u64);
    let proxy = Proxy::builder(registry.address()).tokens(Tokens::new()).delay(delay).start();
    let mut out = io::stdout();
    writeln!(out, "{}", proxy.address())?;
    for line in io::stdin().lock().lines() {
        line?;
        let log = proxy.take_log();
        let tokens = log.iter().filter(|passed| passed.is_token_call() || passed.status == 401).count();
        writeln!(out, "{} {tokens}", log.len())?;
    }
    Ok(())
}
