//! Unified diffs, as `patch` and `git apply -p0` read them.
//!
//! Our own, because a library for diffs of all kinds weighs more than the rest of this tool without the network. What
//! changes here are few lines in places of their own; for them the nearest place where both texts go on alike is the one
//! a person would name.

use std::fmt::Write as _;
use std::io::Write;
use std::ops::Range;

use contract::{Failure, output};

/// Lines around a change, and lines that have to be alike for a text to go on as before.
const CONTEXT: usize = 3;
const ALIKE: usize = 2;
/// How far apart the places may be where both go on alike, in lines of both; what is beyond counts as changed.
const FARTHEST: usize = 4000;
/// Changes of so many lines, those of the one text times those of the other, are looked at line by line.
const LARGEST_TABLE: usize = 250_000;

/// Lines of the one text in the place of lines of the other.
struct Change {
    old: Range<usize>,
    new: Range<usize>,
}

/// Writes nothing when both are equal.
pub(crate) fn write(out: &mut dyn Write, name: &str, before: &[u8], after: &[u8]) -> Result<(), Failure> {
    let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
    output::bytes(out, unified(name, &before, &after).as_bytes())
}

fn unified(name: &str, before: &str, after: &str) -> String {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let changes = changes(&old, &new);
    let mut text = String::new();
    if !changes.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(text, "--- {name}\n+++ {name}\n");
    }
    // Changes so near to each other that their contexts touch make one hunk.
    for hunk in changes.chunk_by(|one, next| next.old.start - one.old.end <= 2 * CONTEXT) {
        write_hunk(&mut text, hunk, &old, &new);
    }
    text
}

fn changes(old: &[&str], new: &[&str]) -> Vec<Change> {
    let mut changes = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if old.get(i) == new.get(j) {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let (next_i, next_j) = meet(old, new, i, j);
        split(old, new, Change { old: i..next_i, new: j..next_j }, &mut changes);
        (i, j) = (next_i, next_j);
    }
    changes
}

/// The nearest place from which both go on alike, or both ends.
fn meet(old: &[&str], new: &[&str], i: usize, j: usize) -> (usize, usize) {
    let alike = |i: usize, j: usize| (0..ALIKE).all(|k| old.get(i + k) == new.get(j + k));
    let (left, right) = (old.len() - i, new.len() - j);
    for distance in 1..(left + right).min(FARTHEST) {
        for skipped in distance.saturating_sub(right)..=distance.min(left) {
            if alike(i + skipped, j + distance - skipped) {
                return (i + skipped, j + distance - skipped);
            }
        }
    }
    (old.len(), new.len())
}

/// Cuts a change at the lines that both have in it, as many as possible: one line between two changes is no change.
fn split(old: &[&str], new: &[&str], change: Change, changes: &mut Vec<Change>) {
    let (height, width) = (change.old.len(), change.new.len() + 1);
    if height * width > LARGEST_TABLE {
        return changes.push(change);
    }
    // How many lines both have in common from each pair of places on.
    let mut common = vec![0_u32; (height + 1) * width];
    for i in (0..height).rev() {
        for j in (0..width - 1).rev() {
            let at = i * width + j;
            common[at] = if old[change.old.start + i] == new[change.new.start + j] {
                common[at + width + 1] + 1
            } else {
                common[at + width].max(common[at + 1])
            };
        }
    }
    let (mut i, mut j, mut from) = (0, 0, (0, 0));
    let mut cut = |from: (usize, usize), i: usize, j: usize| {
        if from != (i, j) {
            let (old, new) = (change.old.start, change.new.start);
            changes.push(Change { old: old + from.0..old + i, new: new + from.1..new + j });
        }
    };
    while common[i * width + j] > 0 {
        let at = i * width + j;
        if old[change.old.start + i] == new[change.new.start + j] {
            cut(from, i, j);
            (i, j) = (i + 1, j + 1);
            from = (i, j);
        } else if common[at + width] >= common[at + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    cut(from, height, width - 1);
}

fn write_hunk(text: &mut String, hunk: &[Change], old: &[&str], new: &[&str]) {
    let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else {
        return;
    };
    let before = first.old.start.min(CONTEXT);
    let after = (old.len() - last.old.end).min(CONTEXT);
    let range = |start: usize, end: usize| {
        // A range of no lines is named by the line before it.
        let first = if start == end { start } else { start + 1 };
        if end - start == 1 { first.to_string() } else { format!("{first},{}", end - start) }
    };
    let old_range = range(first.old.start - before, last.old.end + after);
    let new_range = range(first.new.start - before, last.new.end + after);
    let _ = writeln!(text, "@@ -{old_range} +{new_range} @@");
    let mut at = first.old.start - before;
    for change in hunk {
        old[at..change.old.start].iter().for_each(|line| write_line(text, ' ', line));
        old[change.old.clone()].iter().for_each(|line| write_line(text, '-', line));
        new[change.new.clone()].iter().for_each(|line| write_line(text, '+', line));
        at = change.old.end;
    }
    old[at..last.old.end + after].iter().for_each(|line| write_line(text, ' ', line));
}

fn write_line(text: &mut String, sign: char, line: &str) {
    text.push(sign);
    text.push_str(line);
    if !line.ends_with('\n') {
        text.push_str("\n\\ No newline at end of file\n");
    }
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn hunks_have_three_lines_around_them_and_meet_when_they_touch() {
        let lines = |changed: &[usize]| -> String {
            (1..=20)
                .map(|n| if changed.contains(&n) { format!("new {n}\n") } else { format!("{n}\n") })
                .collect()
        };
        let diff = unified("f", &lines(&[]), &lines(&[2, 8, 19]));
        assert_eq!(
            diff,
            "--- f\n+++ f\n@@ -1,11 +1,11 @@\n 1\n-2\n+new 2\n 3\n 4\n 5\n 6\n 7\n-8\n+new 8\n 9\n 10\n 11\n@@ -16,5 +16,5 @@\n 16\n 17\n 18\n-19\n+new 19\n 20\n"
        );
        assert_eq!(unified("f", "a\n", "a\n"), "");
    }

    #[test]
    fn lines_come_go_and_end_without_a_break() {
        for (before, after, expected) in [
            ("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n"),
            ("a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n"),
            ("a\n", "a", "@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n"),
            ("a\nb", "a\nc\nb", "@@ -1,2 +1,3 @@\n a\n+c\n b\n\\ No newline at end of file\n"),
            ("a\r\nb\r\n", "a\r\nc\r\n", "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n"),
            ("a\nb\nc\nd\n", "x\nb\nd\n", "@@ -1,4 +1,3 @@\n-a\n+x\n b\n-c\n d\n"),
            ("}\n}\nx\n}\n", "}\n}\n", "@@ -1,4 +1,2 @@\n }\n }\n-x\n-}\n"),
        ] {
            assert_eq!(unified("f", before, after), format!("--- f\n+++ f\n{expected}"), "{before:?}");
        }
    }
}
