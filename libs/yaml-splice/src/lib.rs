//! Byte-exact edits of YAML text: a value is replaced, an entry goes or comes, and no other byte changes.
//!
//! Text is parsed only to learn where things stand ([`Yaml`]); edits are planned as replacements of byte ranges
//! ([`Splice`]), and nothing is ever written back from a tree. Before [`Splice::render`] hands the result out, it parses
//! it again and compares both texts with aliases and merge keys resolved: only what was asked for may differ.
//!
//! ```
//! use pypelines_yaml_splice::{Path, Splice, Yaml};
//!
//! let yaml = Yaml::open(b"app:   # ours\n  build: .\n  ports: [ 80 ]\n")?;
//! let mut splice = Splice::new(&yaml);
//! splice.replace_entry(&Path::root().key("app").key("build"), "image", "registry.example/app:1")?;
//! assert_eq!(splice.render()?, "app:   # ours\n  image: registry.example/app:1\n  ports: [ 80 ]\n");
//! # Ok::<(), pypelines_yaml_splice::Error>(())
//! ```
//!
//! Not here: what the text means (compose files, Helm values), files, and making YAML out of data.
//! Specification: <https://yaml.org/spec/1.2.2/>; merge keys: <https://yaml.org/type/merge.html>.

mod error;
mod extent;
mod insertion;
mod node;
mod parse;
mod path;
mod removal;
mod resolve;
mod scalar;
mod span;
mod splice;
mod suggest;
mod unmerge;
mod value;

pub use error::Error;
pub use node::{Entry, Found, Node, Yaml};
pub use path::{InvalidPath, Path, Step};
pub use span::{Position, Span};
pub use splice::Splice;
pub use suggest::nearest;
pub use value::Value;
