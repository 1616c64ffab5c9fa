//! Versions without a repository: `check`, `compare`, `sort`, `latest`.

use testkit::{File, Image, Registry, Tool, tool};

use crate::skopeo::push_layout;

/// Runs where there is no repository.
fn run(line: &[&str]) -> Tool {
    tool("versioner").args(line).current_dir("/")
}

#[test]
fn check_answers_by_its_exit_code_and_says_why_not() {
    let table: [(&[&str], Result<&str, &str>); 16] = [
        (&["v1.4.3"], Ok("1.4.3")),
        (&["1.4.3", "--release"], Ok("1.4.3")),
        (&["1.4.3", "--range", ">=1.4, <2"], Ok("1.4.3")),
        (&["1.0.0-name.27", "--range", ">=1.0.0-name.0 <=1.0.0-name.9999"], Ok("1.0.0-name.27")),
        (&["1.5.0-rc.1", "--range", "^1.4", "--prereleases"], Ok("1.5.0-rc.1")),
        (&["1.4", "--lenient", "--range", "1.x"], Ok("1.4.0")),
        (&["1.4.3", "--range", ""], Ok("1.4.3")),
        (&["1.5.0-rc.1", "--range", " "], Err("1.5.0-rc.1 is not in *: it is a pre-release")),
        (&["1.5.0-rc.1", "--release"], Err("1.5.0-rc.1 is a pre-release of 1.5.0")),
        (&["2.0.0", "--range", "^1.4"], Err("2.0.0 is not in ^1.4: '^1.4' does not hold")),
        (&["1.5.0-rc.1", "--range", "^1.4"], Err("it is a pre-release")),
        (&["18.21.0-x.3", "--range", ">=18.20.0-x.0 <=18.99.0-x.9"], Ok("18.21.0-x.3")),
        (
            &["18.21.0-x.3", "--range", ">=18.20.0-x.0 <=18.99.0-x.9", "--dialect", "node"],
            Err("names none of 18.21.0"),
        ),
        (&["nightly"], Err("'nightly' is no version")),
        (&["1.4"], Err("'1.4' is no version")),
        (&["1.4.3\nEVIL"], Err("is no version")),
    ];
    for (args, expected) in table {
        match expected {
            Ok(version) => {
                let output = run(&["check"]).args(args).succeeds();
                assert_eq!((output.stdout(), output.stderr.as_str()), (format!("{version}\n").as_str(), ""));
            }
            Err(reason) => {
                let output = run(&["check"]).args(args).fails(3);
                assert!(output.error()[0].contains(reason), "{output:?}");
                assert_eq!(output.stdout(), "");
            }
        }
    }
    let output = run(&["check", "1.4"]).fails(3);
    assert_eq!(output.error()[1], "  hint: with --lenient it is one");
    let output = run(&["check", "1.0.0", "--range", "^1,"]).fails(2);
    assert!(output.error()[0].contains("'^1,' is no range: it ends with a comma"), "{output:?}");
}

#[test]
fn an_empty_argument_is_a_variable_that_is_not_set() {
    let table: [(&[&str], &str); 7] = [
        (&["check", ""], "VERSION"),
        (&["check", " ", "--lenient"], "VERSION"),
        (&["check", "", "--range", "^1", "--release"], "VERSION"),
        (&["compare", "", "1.0.0"], "A"),
        (&["compare", "1.0.0", ""], "B"),
        (&["latest", ""], "VERSION"),
        (&["latest", "1.0.0", "", "--lenient"], "VERSION"),
    ];
    for (args, name) in table {
        let output = run(args).fails(2);
        let hint = "  hint: is the variable set that it comes from?";
        assert!(output.error()[0].ends_with(&format!("the version, {name}, is empty")), "{output:?}");
        assert_eq!((output.error()[1], output.stdout()), (hint, ""), "{args:?}");
    }
}

#[test]
fn compare_goes_by_precedence() {
    let table = [
        ("1.9.0", "1.10.0", "-1"),
        ("v1.0.0", "1.0.0", "0"),
        ("1.0.0+a", "1.0.0+b", "0"),
        ("1.0.0", "1.0.0-rc.1", "1"),
        ("1.0.0-rc.9", "1.0.0-rc.10", "-1"),
    ];
    for (one, other, expected) in table {
        assert_eq!(run(&["compare", one, other]).succeeds().stdout(), format!("{expected}\n"));
    }
    assert_eq!(run(&["compare", "1.4", "1.4.0", "--lenient"]).succeeds().stdout(), "0\n");
    run(&["compare", "1.4", "1.4.0"]).fails(2);
}

#[test]
fn sort_keeps_the_texts_and_orders_them() {
    let input = "v1.10.0\n1.9.0\r\n\n1.10.0-rc.2\n1.10.0-rc.10\n";
    let sorted = "1.9.0\n1.10.0-rc.2\n1.10.0-rc.10\nv1.10.0\n";
    assert_eq!(run(&["sort"]).stdin(input).succeeds().stdout(), sorted);
    let reversed: String = sorted.lines().rev().flat_map(|line| [line, "\n"]).collect();
    assert_eq!(run(&["sort", "--reverse"]).stdin(input).succeeds().stdout(), reversed);
    assert_eq!(run(&["sort"]).stdin("").succeeds().stdout(), "");
    let output = run(&["sort"]).stdin("1.0.0\nlatest\n").fails(2);
    assert!(output.error()[0].contains("line 2") && output.stdout().is_empty(), "{output:?}");
    let binary = b"1.0.0\n\xff\xfe1\n2.0.0\n";
    let output = run(&["sort"]).stdin(binary).fails(2);
    assert!(output.error()[0].contains("cannot sort line 2 of stdin: it is no UTF-8"), "{output:?}");
    assert!(output.error()[1].contains("hint: ") && output.stdout().is_empty(), "{output:?}");
    // A tag in another encoding is no version, like every other tag that is none.
    assert_eq!(run(&["latest"]).stdin(binary).succeeds().stdout(), "2.0.0\n");
}

#[test]
fn latest_is_the_highest_that_matches() {
    let table: [(&[&str], Result<&str, &str>); 9] = [
        (&["1.9.0", "v1.10.0", "latest", "2.0.0-rc.1"], Ok("v1.10.0")),
        (&["1.9.0", "v1.10.0", "--range", "<1.10"], Ok("1.9.0")),
        (&["1.9.0", "2.0.0-rc.1", "--prereleases"], Ok("2.0.0-rc.1")),
        (&["1.9.0", "2.0.0-rc.1", "--range", "*-0"], Ok("2.0.0-rc.1")),
        (&["1.0.0+a", "1.0.0+b"], Ok("1.0.0+a")),
        (&["1.4", "1", "--lenient"], Ok("1.4")),
        (
            &["1.9.0", "2.0.0-rc.1", "--range", "^3"],
            Err("no match in 2 versions among 2 arguments; the highest: 2.0.0-rc.1 is not in ^3: "),
        ),
        (
            &["2.0.0-rc.1", "x"],
            Err("no match in 1 version among 2 arguments; the highest: 2.0.0-rc.1 is a pre"),
        ),
        (&["latest", "main"], Err("there is no version among 2 arguments")),
    ];
    for (args, expected) in table {
        match expected {
            Ok(version) => {
                assert_eq!(run(&["latest"]).args(args).succeeds().stdout(), format!("{version}\n"));
            }
            Err(reason) => {
                let output = run(&["latest"]).args(args).fails(3);
                assert!(output.error()[0].contains(reason), "{output:?}");
            }
        }
    }
    let tags = "v1.0.0\nv1.2.0\ndeploy-2024-10-03\n";
    assert_eq!(run(&["latest"]).stdin(tags).succeeds().stdout(), "v1.2.0\n");
    let output = run(&["latest"]).stdin("").fails(3);
    assert!(
        output.error()[0].contains("there is nothing to choose from: no lines of standard input"),
        "{output:?}"
    );
    let output = run(&["latest"]).stdin("main\n").fails(3);
    assert!(output.error()[0].contains("there is no version among 1 line of standard input"), "{output:?}");
    run(&["latest", "1.0.0", "--image", "localhost:5000/app"]).fails(2);
}

#[test]
fn latest_of_an_image_is_asked_of_the_registry() {
    let registry = Registry::start();
    let folder = tempfile::tempdir().expect("a folder");
    Image::new().layer(vec![File::new("a", "1")]).write(folder.path(), "x").expect("a layout");
    for tag in ["1.9.0", "v1.10.0", "1.10.1_b.7", "2.0.0-rc.1", "latest", "1.10", "20240101"] {
        push_layout(folder.path(), "x", registry.address(), &format!("app/release:{tag}"));
    }
    let name = format!("{}/app/release", registry.address());
    for (args, expected) in
        [(&[][..], "1.10.1_b.7"), (&["--range", "<1.10"], "1.9.0"), (&["--range", ">1-0"], "2.0.0-rc.1")]
    {
        let output = run(&["latest", "--image", &name]).args(args).succeeds();
        assert_eq!(output.stdout(), format!("{expected}\n"), "{args:?}");
    }
    let output = run(&["latest", "--image", &format!("{}/nobody", registry.address())]).fails(1);
    assert!(output.error()[0].contains("there is no"), "{output:?}");
    assert!(output.error()[1].contains("check the name"), "{output:?}");
    let output = run(&["latest", "--image", &format!("{name}:1.9.0")]).fails(2);
    assert!(output.error()[0].contains("one image and no repository"), "{output:?}");
    // The same ranges in the other tool.
    let list = |args: &[&str]| tool("image-promote").args(["list", &name]).args(args);
    assert_eq!(list(&["--range", "^1.9"]).succeeds().stdout(), "1.10.1_b.7\nv1.10.0\n1.9.0\n");
    assert_eq!(list(&["--range", "^1.9", "--limit", "1"]).succeeds().stdout(), "1.10.1_b.7\n");
    assert_eq!(list(&["--range", ">=2.0.0-0", "--dialect", "node"]).succeeds().stdout(), "2.0.0-rc.1\n");
    let output = list(&["--range", "^3"]).fails(3);
    assert!(output.error()[0].contains("of the highest: 2.0.0-rc.1 is not in ^3"), "{output:?}");
    list(&["--range", "^"]).fails(2);
}
