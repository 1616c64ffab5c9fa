//! A layout directory on a real file system.

use super::*;

const IMAGE: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"c","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0},"layers":[]}"#;

fn image() -> Manifest {
    Manifest::parse(Bytes::from_static(IMAGE.as_bytes()), None, &"x").unwrap()
}

fn tag(text: &str) -> Which {
    Which::Tag(text.parse().unwrap())
}

fn layout() -> (tempfile::TempDir, Layout) {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(&folder.path().join("deep/layout"));
    layout.create().unwrap();
    (folder, layout)
}

#[test]
fn what_was_written_is_read_back_and_a_tag_moves() {
    let (_folder, layout) = layout();
    let one = image();
    let two = Manifest::parse(Bytes::from(format!("{IMAGE}\n")), None, &"x").unwrap();
    layout.put_manifest(&one, &tag("1")).unwrap();
    layout.put_manifest(&one, &tag("latest")).unwrap();
    layout.put_manifest(&two, &tag("latest")).unwrap();
    assert_eq!(layout.manifest(&tag("1")).unwrap().bytes(), one.bytes());
    assert_eq!(layout.manifest(&tag("latest")).unwrap().digest(), two.digest());
    assert_eq!(layout.manifest(&Which::Digest(one.digest().clone())).unwrap().digest(), one.digest());
    assert_eq!(layout.tags().unwrap().len(), 2);
    layout.remove_tag(&"latest".parse().unwrap()).unwrap();
    assert_eq!(layout.resolve(&"latest".parse().unwrap()).unwrap(), None);
}

#[test]
fn what_other_tools_put_into_the_index_stays() {
    let (_folder, layout) = layout();
    let index = layout.directory.join(INDEX);
    let text = r#"{"schemaVersion":2,"annotations":{"by":"others"},"manifests":[{"odd":true}]}"#;
    fs::write(&index, text).unwrap();
    layout.put_manifest(&image(), &tag("1")).unwrap();
    let value: Value = serde_json::from_slice(&fs::read(&index).unwrap()).unwrap();
    assert_eq!(value["annotations"]["by"], "others");
    assert_eq!(value["manifests"][0]["odd"], true);
    assert_eq!(value["manifests"][1]["annotations"][REF_NAME], "1");
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let (_folder, layout) = layout();
    std::thread::scope(|scope| {
        for number in 0..20 {
            let layout = &layout;
            scope.spawn(move || layout.put_manifest(&image(), &tag(&format!("t{number}"))).unwrap());
        }
    });
    assert_eq!(layout.tags().unwrap().len(), 20);
}

#[test]
fn what_a_run_that_was_cut_off_has_left_goes_with_the_next_one() {
    let (_folder, layout) = layout();
    layout.put_manifest(&image(), &tag("1")).unwrap();
    let left: Vec<_> =
        [".pypelines-a", "blobs/sha256/.pypelines-b"].map(|name| layout.directory.join(name)).into();
    left.iter().for_each(|path| fs::write(path, "half").unwrap());
    let writing = layout.temporary(&layout.blob_path(&Digest::of(b"x"))).unwrap();
    layout.create().unwrap();
    assert!(left.iter().all(|path| !path.exists()));
    assert!(writing.path().exists());
    assert!(layout.manifest(&tag("1")).is_ok());
}

#[test]
fn a_spoiled_manifest_is_never_returned() {
    let (_folder, layout) = layout();
    let image = image();
    layout.put_manifest(&image, &tag("1")).unwrap();
    fs::write(layout.blob_path(image.digest()), IMAGE.replace("\"c\"", "\"d\"")).unwrap();
    assert!(matches!(layout.manifest(&tag("1")), Err(Error::Digest { .. })));
}

#[test]
fn what_is_no_layout_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("other")).unwrap();
    fs::write(at("other/readme"), "x").unwrap();
    fs::write(at("file"), "x").unwrap();
    for (name, marker, index) in [
        ("v2", r#"{"imageLayoutVersion":"2.0.0"}"#, "{}"),
        ("broken", r#"{"imageLayoutVersion":"1.0.0"}"#, "{"),
        ("odd", r#"{"imageLayoutVersion":"1.0.0"}"#, "[]"),
    ] {
        fs::create_dir_all(at(name)).unwrap();
        fs::write(at(name).join(MARKER), marker).unwrap();
        fs::write(at(name).join(INDEX), index).unwrap();
    }
    for (name, reason) in [
        ("none", "no such directory"),
        ("other", "oci-layout"),
        ("file", "oci-layout"),
        ("v2", "2.0.0"),
        ("broken", "index.json"),
        ("odd", "no list"),
    ] {
        let error = Layout::new(&at(name)).manifest(&tag("1")).unwrap_err();
        assert!(matches!(&error, Error::Layout { .. }), "{error:?}");
        assert!(error.to_string().contains(reason), "{error}");
    }
    for name in ["other", "file"] {
        assert!(Layout::new(&at(name)).create().is_err(), "{name}: nothing of others is overwritten");
    }
    assert_eq!(fs::read(at("other/readme")).unwrap(), b"x");
}

#[test]
fn a_first_writer_that_was_cut_off_does_not_stand_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("blobs/sha256")).unwrap();
    let layout = Layout::new(folder.path());
    assert_eq!(layout.resolve(&"1".parse().unwrap()).unwrap(), None);
    layout.create().unwrap();
    layout.put_manifest(&image(), &tag("1")).unwrap();
    assert!(layout.resolve(&"1".parse().unwrap()).unwrap().is_some());
}

#[test]
fn what_has_an_image_as_its_subject_refers_to_it() {
    let (_folder, layout) = layout();
    let image = image();
    let about = |kind: &str| {
        let text = IMAGE.replacen(
            '{',
            &format!(
                r#"{{{kind}"annotations":{{"k":"v"}},"subject":{{"mediaType":"m","digest":"{}","size":1}},"#,
                image.digest()
            ),
            1,
        );
        Manifest::parse(Bytes::from(text), None, &"x").unwrap()
    };
    let (plain, typed) = (about(""), about(r#""artifactType":"a/b","#));
    for (manifest, name) in [(&image, "1"), (&plain, "one"), (&typed, "two"), (&typed, "again")] {
        layout.put_manifest(manifest, &tag(name)).unwrap();
    }
    let found = layout.referrers(image.digest()).unwrap().list;
    let found: Vec<_> =
        found.iter().map(|r| (r.artifact_type.as_deref().unwrap(), &r.annotations["k"])).collect();
    assert_eq!(found, [("c", &"v".to_owned()), ("a/b", &"v".to_owned())]);
    assert!(layout.referrers(plain.digest()).unwrap().list.is_empty());
}

#[test]
fn referrers_without_a_tag_are_found_when_they_are_listed_and_are_listed_once() {
    let (_folder, layout) = layout();
    let image = image();
    layout.put_manifest(&image, &tag("1")).unwrap();
    let subject = format!(r#"{{"subject":{{"mediaType":"m","digest":"{}","size":1}},"#, image.digest());
    let about = Manifest::parse(Bytes::from(IMAGE.replacen('{', &subject, 1)), None, &"x").unwrap();
    layout.put_manifest(&about, &Which::Digest(about.digest().clone())).unwrap();
    assert!(layout.referrers(image.digest()).unwrap().list.is_empty());
    for _ in 0..2 {
        layout.list_referrers(std::slice::from_ref(&about)).unwrap();
        assert_eq!(layout.referrers(image.digest()).unwrap().list.len(), 1);
        assert_eq!(layout.index().unwrap().entries().len(), 2);
    }
    assert_eq!(layout.tags().unwrap().len(), 1);
}

#[test]
fn a_manifest_that_is_asked_for_by_a_longer_digest_goes_on_under_it() {
    let ((_folder, from), (_other, to)) = (layout(), layout());
    let longer: Digest = format!("sha512:{}", "0".repeat(128)).parse().unwrap();
    let mut hasher = longer.hasher();
    hasher.update(IMAGE.as_bytes());
    let longer = hasher.finish();
    from.put_manifest(&image().known_as(&longer), &Which::Digest(longer.clone())).unwrap();
    let read = from.manifest(&Which::Digest(longer.clone())).unwrap();
    assert_eq!(read.digest(), &longer);
    to.put_manifest(&read, &Which::Digest(read.digest().clone())).unwrap();
    assert_eq!(to.manifest(&Which::Digest(longer)).unwrap().bytes(), image().bytes());
}
