//! The files that a login is kept in.

use std::path::{Path, PathBuf};

/// What `podman login` and `skopeo login` write, below a folder of the user's.
const CONTAINERS: &str = "containers/auth.json";
/// What `docker login` writes.
const DOCKER: &str = "config.json";

/// Where logins are looked for, whether the files are there or not. What a variable names comes first; the order of the
/// rest is that of containers-auth.json(5). `user` is the number of who we are, where users have numbers.
pub(super) fn of_logins(user: Option<u32>, variable: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let path = |name: &str| variable(name).map(PathBuf::from);
    let home = path("HOME");
    let runtime = path("XDG_RUNTIME_DIR").map(|folder| folder.join(CONTAINERS));
    let runtime =
        runtime.or_else(|| user.map(|user| Path::new("/run/containers").join(format!("{user}/auth.json"))));
    let settings = path("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
    let docker = path("DOCKER_CONFIG").map(|folder| folder.join(DOCKER));
    let default = if docker.is_none() { home.map(|home| home.join(".docker").join(DOCKER)) } else { None };
    // A file that is named stands in the place of the one that a login writes unasked.
    let podman = path("REGISTRY_AUTH_FILE").or(runtime);
    let files = [docker, podman, settings.map(|folder| folder.join(CONTAINERS)), default];
    files.into_iter().flatten().collect()
}

/// Our number as a user: the effective one, as for podman and skopeo.
#[cfg(target_os = "linux")]
pub(super) fn user() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}

/// Elsewhere logins are not kept by the user's number.
#[cfg(not(target_os = "linux"))]
pub(super) fn user() -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Variables with their values, and the files that are looked for because of them.
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);

    #[test]
    fn named_files_come_first_and_the_others_in_the_order_of_containers_auth_json() {
        let home = ("HOME", "/home/ann");
        let (docker, own) = ("/home/ann/.docker/config.json", "/home/ann/.config/containers/auth.json");
        let table: [Row<'_>; 6] = [
            (&[], &["/run/containers/1000/auth.json"]),
            (&[home], &["/run/containers/1000/auth.json", own, docker]),
            (&[home, ("XDG_RUNTIME_DIR", "/run/user/7")], &["/run/user/7/containers/auth.json", own, docker]),
            (
                &[home, ("XDG_CONFIG_HOME", "/etc/ann"), ("XDG_RUNTIME_DIR", "/run/user/7")],
                &["/run/user/7/containers/auth.json", "/etc/ann/containers/auth.json", docker],
            ),
            (
                &[home, ("REGISTRY_AUTH_FILE", "/a.json"), ("XDG_RUNTIME_DIR", "/run/user/7")],
                &["/a.json", own, docker],
            ),
            (
                &[home, ("REGISTRY_AUTH_FILE", "/a.json"), ("DOCKER_CONFIG", "/job")],
                &["/job/config.json", "/a.json", own],
            ),
        ];
        for (variables, expected) in table {
            let map: BTreeMap<_, _> = variables.iter().copied().collect();
            let found = of_logins(Some(1000), |name| map.get(name).map(|value| (*value).to_owned()));
            assert_eq!(found, expected.iter().map(PathBuf::from).collect::<Vec<_>>(), "{variables:?}");
        }
        assert_eq!(of_logins(None, |_| None), [""; 0].map(PathBuf::from));
    }
}
