//! Whatever several writers do in whatever order, the end is what the latest of them said, on every backend.

use std::any::Any;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;

use clap::Parser;
use contract::clock;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use registry::{Access, Content, Digest, Layout, Reference, Registries, RegistryArgs, Which};
use testkit::{Artifactory, File, Image, Proxy, Referrers, Registry};

use crate::{Assignment, Backend, Key, MarksArgs, Provenance, State, Step, Subject};

const IMAGES: usize = 3;
const KEYS: [&str; 3] = ["tested", "release-prod", "a.b_c-d"];
const VALUES: [&str; 4] = ["true", "", "x, y; z=1\\|é", "{\"json\": [1]}"];

/// What a writer does: which one, to which image, with which key.
#[derive(Clone, Debug)]
enum Act {
    Set(usize, usize, usize, usize),
    Unset(usize, usize, usize),
    Move(usize, usize, usize, usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let (writer, image, key, value) = (0..3usize, 0..IMAGES, 0..KEYS.len(), 0..VALUES.len());
    let act = (0..3u8, writer, image, key, value).prop_map(|(kind, writer, image, key, value)| match kind {
        0 => Act::Set(writer, image, key, value),
        1 => Act::Unset(writer, image, key),
        _ => Act::Move(writer, image, key, value),
    });
    vec(act, 1..12)
}

/// What holds: by image and key.
type Model = BTreeMap<(usize, usize), usize>;

fn carry_out(model: &mut Model, act: &Act) {
    match *act {
        Act::Set(_, image, key, value) => drop(model.insert((image, key), value)),
        Act::Unset(_, image, key) => drop(model.remove(&(image, key))),
        Act::Move(_, image, key, value) => {
            model.retain(|(_, known), _| *known != key);
            model.insert((image, key), value);
        }
    }
}

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    registry: RegistryArgs,
}

fn registries() -> Registries {
    Registries::new(&Args::parse_from(["marks"]).registry, "marks", "0").unwrap()
}

async fn open(repository: &str) -> (Backend, Vec<Subject>) {
    let reference: Reference = format!("{repository}:0").parse().unwrap();
    let backend =
        Backend::open(&reference, Access::Push, &registries(), &MarksArgs::default()).await.unwrap();
    let mut subjects = Vec::new();
    for tag in 0..IMAGES {
        let which = Which::Tag(tag.to_string().parse().unwrap());
        subjects.push(backend.subject(&which).await.unwrap());
    }
    (backend, subjects)
}

fn key(number: usize) -> Key {
    KEYS[number].parse().unwrap()
}

fn mark(key: usize, value: usize) -> Assignment {
    // Not as it would be typed: an empty value may be there already, and is kept as any other.
    Assignment { key: self::key(key), value: VALUES[value].parse().unwrap() }
}

async fn act(writers: &[(Backend, Vec<Subject>)], act: &Act) {
    let by = |writer: usize| Provenance { actor: Some(format!("writer-{writer}")), ..Provenance::default() };
    match *act {
        Act::Set(writer, image, key, value) => {
            let (backend, subjects) = &writers[writer];
            let steps = [Step::set(&mark(key, value))];
            let done = backend.apply(&subjects[image], &steps, &by(writer), false).await.unwrap();
            assert_eq!(done[0].failure, None);
        }
        Act::Unset(writer, image, name) => {
            let (backend, subjects) = &writers[writer];
            let steps = [Step::unset(&key(name))];
            let done = backend.apply(&subjects[image], &steps, &by(writer), false).await.unwrap();
            assert_eq!(done[0].failure, None);
        }
        Act::Move(writer, image, key, value) => {
            let (backend, subjects) = &writers[writer];
            let mark = mark(key, value);
            let moved = backend.relocate(&mark, &subjects[image], None, &by(writer), false).await.unwrap();
            assert!(moved.is_done(), "{moved:?}");
        }
    }
}

/// What a backend says of all images, read by somebody who wrote nothing.
async fn read(repository: &str) -> Model {
    let (backend, subjects) = open(repository).await;
    let mut model = Model::new();
    for (image, subject) in subjects.iter().enumerate() {
        for mark in backend.marks(&subject.digest).await.unwrap() {
            let key = KEYS.iter().position(|key| *key == mark.key.as_str()).unwrap();
            model
                .insert((image, key), VALUES.iter().position(|value| *value == mark.value.as_str()).unwrap());
            let state = State::Set { value: mark.value.clone() };
            let history = backend.history(&subject.digest).await.unwrap().records;
            let last = history.iter().rev().find(|record| record.key == mark.key).unwrap();
            assert_eq!(last.state, state, "the history ends with what holds");
            let found = backend.find(&[Assignment { key: mark.key, value: mark.value }]).await.unwrap();
            assert!(found.iter().any(|found| found.digest == subject.digest));
        }
    }
    model
}

fn layout(folder: &Path) -> Vec<Digest> {
    let write = |tag: usize| {
        let image = Image::new().layer(vec![File::new("content", tag.to_string())]);
        image.write(folder, &tag.to_string()).unwrap().parse().unwrap()
    };
    (0..IMAGES).map(write).collect()
}

/// Takes the images of a layout to a repository of a registry.
async fn push(folder: &Path, repository: &str) {
    let (reference, layout) = (repository.parse::<Reference>().unwrap(), Layout::new(folder));
    let store = registries().open(&reference.repository, Access::Push).unwrap();
    for (tag, digest) in layout.tags().unwrap() {
        let index = layout.manifest(&Which::Digest(digest)).unwrap();
        let Content::Index { manifests } = index.content() else { panic!("{tag} is no index") };
        for entry in manifests {
            let which = Which::Digest(entry.digest.clone());
            let manifest = layout.manifest(&which).unwrap();
            let Content::Image { config, layers } = manifest.content() else { panic!("{which} is no image") };
            for blob in layers.iter().chain([config.as_ref()]) {
                if !store.has_blob(blob).await.unwrap() {
                    store.put_blob(layout.blob(blob).unwrap()).await.unwrap();
                }
            }
            store.put_manifest(&manifest, &which).await.unwrap();
        }
        store.put_manifest(&index, &Which::Tag(tag)).await.unwrap();
    }
}

/// A place with the images of a layout, and whatever has to live as long as it.
type Place = (String, Box<dyn Any>);

fn check(cases: u32, place: impl Fn(&Path) -> Place) {
    let mut runner = TestRunner::new_with_rng(
        Config { failure_persistence: None, ..Config::with_cases(cases) },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let result = runner.run(&acts(), |sequence| {
        let folder = tempfile::tempdir().unwrap();
        layout(folder.path());
        let (repository, _server) = place(folder.path());
        let (found, expected) = http::run(async {
            let mut writers = Vec::new();
            for _ in 0..3 {
                writers.push(open(&repository).await);
            }
            let mut model = Model::new();
            for step in &sequence {
                act(&writers, step).await;
                carry_out(&mut model, step);
            }
            (read(&repository).await, model)
        })
        .unwrap();
        prop_assert_eq!(found, expected);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn any_sequence_of_writers_ends_in_the_latest_in_a_layout() {
    check(64, |folder| (format!("oci:{}", folder.display()), Box::new(())));
}

#[test]
fn any_sequence_of_writers_ends_in_the_latest_in_artifactory() {
    for forgets in [false, true] {
        check(16, |folder| {
            let builder = Artifactory::builder().local("docker-local");
            let server = if forgets { builder.drops_properties() } else { builder }.start();
            for tag in 0..IMAGES {
                server.push(folder, &tag.to_string(), "docker-local", "app", &tag.to_string());
            }
            (format!("{}/docker-local/app", server.address()), Box::new(server))
        });
    }
}

#[test]
fn any_sequence_of_writers_ends_in_the_latest_in_a_registry() {
    let kinds = [
        None,
        Some(Referrers::Native { page: 2, filters: true }),
        Some(Referrers::Native { page: 100, filters: false }),
        Some(Referrers::TagIsDigest),
    ];
    let server = Registry::start();
    for (number, kind) in kinds.into_iter().enumerate() {
        let proxy = Proxy::builder(server.address()).referrers(kind).start();
        let round = Cell::new(0);
        check(5, |folder| {
            round.set(round.get() + 1);
            let repository = format!("{}/app-{number}-{}", proxy.address(), round.get());
            http::run(push(folder, &repository)).unwrap();
            (repository, Box::new(()))
        });
    }
}

#[test]
fn later_looks_later_even_on_a_runner_whose_clock_is_behind() {
    let folder = tempfile::tempdir().unwrap();
    layout(folder.path());
    let repository = format!("oci:{}", folder.path().display());
    http::run(async {
        let (backend, subjects) = open(&repository).await;
        let future = clock::rfc3339(clock::now() + time::Duration::days(1));
        let first = crate::Record {
            key: key(0),
            state: State::Set { value: "true".parse().unwrap() },
            created: Some(future.clone()),
            provenance: Provenance::default(),
        };
        let manifest = crate::manifest::write(&subjects[0], &first, None).unwrap();
        let tag = crate::manifest::tag(&subjects[0].digest, &first.key).unwrap();
        Layout::new(folder.path()).put_manifest(&manifest, &Which::Tag(tag)).unwrap();
        backend.apply(&subjects[0], &[Step::unset(&key(0))], &Provenance::default(), false).await.unwrap();
        assert!(backend.marks(&subjects[0].digest).await.unwrap().is_empty());
        let records = backend.history(&subjects[0].digest).await.unwrap().records;
        assert_eq!(records[1].state, State::Unset);
        assert!(records[1].created > Some(future), "{records:?}");
    })
    .unwrap();
}

#[test]
fn something_else_under_the_tag_of_a_mark_is_not_taken_for_one() {
    let folder = tempfile::tempdir().unwrap();
    layout(folder.path());
    let repository = format!("oci:{}", folder.path().display());
    http::run(async {
        let (backend, subjects) = open(&repository).await;
        let store = Layout::new(folder.path());
        let image = store.manifest(&Which::Digest(subjects[1].digest.clone())).unwrap();
        let tag = crate::manifest::tag(&subjects[0].digest, &key(0)).unwrap();
        store.put_manifest(&image, &Which::Tag(tag)).unwrap();
        // Who asks for all marks has nothing to do with it; who asks for this one learns of it.
        assert_eq!(backend.marks(&subjects[0].digest).await.unwrap(), []);
        let steps = [Step::unset(&key(0))];
        let done = backend.apply(&subjects[0], &steps, &Provenance::default(), false).await;
        let error =
            done.map_or_else(|error| error.to_string(), |done| done[0].failure.clone().unwrap_or_default());
        assert!(error.contains("it is an index"), "{error}");
    })
    .unwrap();
}

#[test]
fn what_somebody_else_wrote_in_a_list_of_referrers_closes_the_gate_of_its_key_alone() {
    let folder = tempfile::tempdir().unwrap();
    layout(folder.path());
    let server = Registry::start();
    let kind = Referrers::Native { page: 100, filters: true };
    let proxy = Proxy::builder(server.address()).referrers(kind).start();
    let repository = format!("{}/app", proxy.address());
    http::run(async {
        push(folder.path(), &repository).await;
        let (backend, subjects) = open(&repository).await;
        let (subject, nobody) = (&subjects[0], Provenance::default());
        backend
            .apply(subject, &[Step::set(&mark(0, 0)), Step::set(&mark(1, 0))], &nobody, false)
            .await
            .unwrap();
        let known = backend.history(&subject.digest).await.unwrap();
        let record = known.records.iter().find(|record| record.key == key(1)).unwrap();
        let text = crate::manifest::write(subject, record, None).unwrap();
        let text = String::from_utf8(text.bytes().to_vec()).unwrap().replace(":\"set\"", ":\"frozen\"");
        let odd = registry::Manifest::parse(text.into(), None, &"x").unwrap();
        let reference: Reference = repository.parse().unwrap();
        let store = registries().open(&reference.repository, Access::Push).unwrap();
        store.put_manifest(&odd, &Which::Digest(odd.digest().clone())).await.unwrap();
        let all = backend.marks(&subject.digest).await.unwrap();
        assert_eq!(all.iter().map(|mark| &mark.key).collect::<Vec<_>>(), [&key(0)]);
        assert_eq!(backend.latest(&subject.digest, Some(&[key(0)])).await.unwrap().len(), 1);
        let error = backend.latest(&subject.digest, Some(&[key(1)])).await.unwrap_err().to_string();
        assert!(error.contains("neither set nor unset"), "{error}");
        assert!(backend.find(&[mark(1, 0)]).await.is_err());
        assert_eq!(backend.find(&[mark(0, 0)]).await.unwrap().len(), 1);
    })
    .unwrap();
}
