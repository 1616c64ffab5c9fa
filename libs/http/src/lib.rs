//! The one HTTP client: TLS roots, proxies, retry table, deadlines, redaction.
