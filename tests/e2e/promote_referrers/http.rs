//! Bare requests to a registry that speaks plain HTTP: what a test puts there and finds there, no client has touched.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Sends one request over a connection of its own.
pub(super) fn send(address: &str, request: &str, content_type: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let head = format!(
        "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAccept: {ACCEPT}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).expect("a request");
    let mut came = Vec::new();
    stream.read_to_end(&mut came).expect("an answer");
    let split = came.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    let head = String::from_utf8_lossy(&came[..split]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head, body: came[split..].to_vec() }
}

const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";

/// Reads what is there; none where nothing is.
pub(super) fn get(address: &str, target: &str) -> Option<Vec<u8>> {
    let answer = send(address, &format!("GET {target}"), "text/plain", b"");
    match answer.status {
        200 => Some(answer.body),
        404 => None,
        status => panic!("{target}: {status}"),
    }
}

/// The same, as JSON.
pub(super) fn json(address: &str, target: &str) -> Option<Value> {
    get(address, target).map(|body| serde_json::from_slice(&body).expect("JSON"))
}

pub(super) fn put_blob(address: &str, repository: &str, digest: &str, bytes: &[u8]) {
    let opened = send(address, &format!("POST /v2/{repository}/blobs/uploads/"), "text/plain", b"");
    let location = opened.header("location").expect("a location");
    let path = location.strip_prefix(&format!("http://{address}")).unwrap_or(location);
    let put = send(address, &format!("PUT {path}&digest={digest}"), "application/octet-stream", bytes);
    assert_eq!(put.status, 201, "{}", String::from_utf8_lossy(&put.body));
}

pub(super) fn put_manifest(address: &str, repository: &str, reference: &str, kind: &str, bytes: &[u8]) {
    let put = send(address, &format!("PUT /v2/{repository}/manifests/{reference}"), kind, bytes);
    assert_eq!(put.status, 201, "{}", String::from_utf8_lossy(&put.body));
}
