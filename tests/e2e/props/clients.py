"""Speaks with the double of Artifactory through two clients from PyPI, and compares what they understand."""

import sys

from artifactory import ArtifactoryPath
from pyartifactory import Artifactory
from pyartifactory.exception import PropertyNotFoundError
from requests.exceptions import HTTPError

url, key, name = sys.argv[1:]
auth = ("admin", "password")
folder = f"{key}/{name}"


def equal(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


# dohq-artifactory: PATCH, stat, folders, AQL, repositories, promotion.
root = ArtifactoryPath(url, auth=auth)
manifest = ArtifactoryPath(f"{url}/{folder}/1/list.manifest.json", auth=auth)
stat = manifest.stat()
equal((stat.is_dir, stat.repo, len(stat.sha256)), (False, key, 64))
equal(manifest.properties["ours"], ["a, b; c=1"])
equal(manifest.properties["docker.repoName"], [name])
names = sorted(path.name for path in ArtifactoryPath(f"{url}/{folder}", auth=auth) if ":" not in path.name)
equal(names, ["1", "2", "_uploads"])
manifest.set_properties({"theirs": "x y, z", "several": ["p", "q"], "gone": "1"}, recursive=False)
manifest.del_properties(["gone"], recursive=False)
equal(manifest.properties["theirs"], ["x y, z"])
equal(manifest.properties["several"], ["p", "q"])
assert "gone" not in manifest.properties
assert not ArtifactoryPath(f"{url}/{folder}/none", auth=auth).exists()
query = {"repo": key, "path": {"$match": f"{name}/*"}, "name": {"$match": "*manifest.json"}, "@theirs": "x y, z"}
found = root.aql("items.find", query, ".include", ["repo", "path", "name", "property"])
equal([(item["path"], item["name"]) for item in found], [(f"{name}/1", "list.manifest.json")])
assert {"key": "several", "value": "q"} in found[0]["properties"]
either = {"$or": [{"path": f"{name}/1"}, {"path": f"{name}/2"}], "name": "list.manifest.json"}
found = root.aql("items.find", either, ".include", ["repo", "path", "name"], ".sort", {"$desc": ["path"]}, ".limit", 1)
equal([item["path"] for item in found], [f"{name}/2"])
try:
    root.aql("items.find", {"repo": key, "colour": "red"})
except Exception as error:
    assert "unknown field 'colour'" in str(error), error
else:
    raise AssertionError("a field that nobody knows was taken")
virtual = root.find_repository_virtual("docker")
equal((virtual.package_type, virtual.default_deployment_repo_name), ("docker", key))
root.promote_docker_image(key, "release-local", name, "2", copy=True, target_docker_repo="team/release")
promoted = ArtifactoryPath(f"{url}/release-local/team/release/2/list.manifest.json", auth=auth)
equal(promoted.stat().sha256, ArtifactoryPath(f"{url}/{folder}/2/list.manifest.json", auth=auth).stat().sha256)

# pyartifactory: PUT and GET of properties, folders, what is not there.
client = Artifactory(url=url, auth=auth, api_version=1)
path = f"{folder}/1/list.manifest.json"
info = client.artifacts.info(path)
equal((info.repo, info.path, info.checksums.sha256), (key, f"/{name}/1/list.manifest.json", stat.sha256))
client.artifacts.set_properties(path, {"put": ["1"], "more": ["a", "b"]}, recursive=False)
equal(client.artifacts.properties(path, ["put", "more"]).properties, {"put": ["1"], "more": ["a", "b"]})
client.artifacts.update_properties(path, {"patched": ["2"]}, recursive=False)
equal(client.artifacts.properties(path, ["patched"]).properties, {"patched": ["2"]})
try:
    client.artifacts.properties(path, ["never"])
except PropertyNotFoundError:
    pass
else:
    raise AssertionError("a property that is not there was found")
listed = [entry.uri for entry in client.artifacts.list(f"{folder}/1").files]
assert "/list.manifest.json" in listed, listed

# Who is not let in.
try:
    Artifactory(url=url, auth=("admin", "wrong"), api_version=1).artifacts.info(path)
except HTTPError as error:
    equal(error.response.status_code, 401)
except Exception as error:
    cause = error.__cause__
    equal(getattr(getattr(cause, "response", None), "status_code", None), 401)
else:
    raise AssertionError("a wrong password was taken")
print("both clients understand")
