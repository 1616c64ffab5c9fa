//! Every edit at every place of whatever libFuzzer makes of the texts it starts with.

#![no_main]

#[path = "../../tests/splice/every_edit.rs"]
mod every_edit;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        every_edit::every_edit(text);
    }
});
