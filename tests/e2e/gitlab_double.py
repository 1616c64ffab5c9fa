"""Asks testkit's GitLab through python-gitlab, which knows the real one. Arguments: URL, token, job token."""

import sys

import gitlab
from gitlab.exceptions import (
    GitlabAuthenticationError,
    GitlabCreateError,
    GitlabGetError,
    GitlabUpdateError,
)

url, token, job_token = sys.argv[1:]
person = gitlab.Gitlab(url, private_token=token)
job = gitlab.Gitlab(url, job_token=job_token)
nobody = gitlab.Gitlab(url)
project = person.projects.get("team/app")
at_job = job.projects.get(project.id)


def refused(kind, code, call):
    """The call fails with this kind of error and this status."""
    try:
        call()
    except kind as error:
        assert error.response_code == code, (error.response_code, error)
        return str(error)
    raise AssertionError(f"nothing was refused, {code} was expected")


assert project.path_with_namespace == "team/app" and project.default_branch == "main"
refused(GitlabGetError, 404, lambda: nobody.projects.get("team/app"))
refused(GitlabGetError, 404, lambda: person.projects.get("team/none"))
wrong = gitlab.Gitlab(url, private_token=job_token)
refused(GitlabAuthenticationError, 401, lambda: wrong.projects.get(project.id))

# Releases: created with their links, once, and found again.
link = {"name": "image", "url": "https://example.com/image", "link_type": "image", "direct_asset_path": "/image"}
made = at_job.releases.create(
    {"tag_name": "1.0.0", "ref": "main", "description": "First", "assets": {"links": [link]}}
)
assert made.name == "1.0.0" and made.assets["count"] == 5, made
assert made.assets["links"][0]["direct_asset_url"].endswith("/team/app/-/releases/1.0.0/downloads/image")
assert project.tags.get("1.0.0").target == project.commits.list(ref_name="main", get_all=False)[0].id
assert "already exists" in refused(
    GitlabCreateError, 409, lambda: at_job.releases.create({"tag_name": "1.0.0", "description": ""})
)
refused(GitlabCreateError, 422, lambda: at_job.releases.create({"tag_name": "2.0.0"}))
refused(GitlabCreateError, 400, lambda: at_job.releases.create({"tag_name": "1.0.0", "nonsense": 1}))
release = at_job.releases.get("1.0.0")
release.description = "Changed"
release.save()
assert project.releases.get("1.0.0").description == "Changed"
refused(GitlabGetError, 404, lambda: project.releases.get("9.9.9"))

# Links: unique by name, URL and path.
taken = refused(GitlabCreateError, 400, lambda: release.links.create(link))
assert "Url has already been taken" in taken and "Filepath has already been taken" in taken, taken
other = release.links.create({"name": "notes", "url": "https://example.com/notes"})
assert other.link_type == "other"
other.url = "https://example.com/notes/2"
other.save()
assert [known.name for known in release.links.list(get_all=True)] == ["notes", "image"]
other.delete()
assert len(release.links.list(get_all=True)) == 1
refused(GitlabCreateError, 400, lambda: release.links.create({"name": "x", "url": "javascript:alert(1)"}))
refused(
    GitlabCreateError,
    400,
    lambda: release.links.create({"name": "x", "url": "https://example.com/x", "link_type": "word"}),
)

# Badges: not for jobs; those of the group are shown and cannot be changed here.
badge = project.badges.create({"name": "v", "image_url": "https://example.com/%{project_path}.svg", "link_url": url})
assert badge.rendered_image_url == "https://example.com/team/app.svg" and badge.kind == "project"
badge.image_url = "https://example.com/new.svg"
badge.save()
assert [known.kind for known in project.badges.list(get_all=True)] == ["group", "project"]
assert [known.id for known in project.badges.list(name="v", get_all=True)] == [badge.id]
refused(
    GitlabAuthenticationError,
    401,
    lambda: at_job.badges.create({"name": "v", "image_url": "https://e.com/v", "link_url": url}),
)

# Packages: the last file of a name is served.
for content in (b"one", b"two"):
    project.generic_packages.upload("app", "1.0.0", "notes.txt", data=content)
assert project.generic_packages.download("app", "1.0.0", "notes.txt") == b"two"
assert [known.name for known in project.packages.list(get_all=True)] == ["app"]

# Pages of a list.
for number in range(25):
    at_job.releases.create({"tag_name": f"0.{number}.0", "ref": "main", "description": ""})
assert len(project.releases.list(get_all=True)) == 26
assert len(project.releases.list(page=2, per_page=20)) == 6

# Tags, commits, wikis.
project.tags.create({"tag_name": "t", "ref": "main", "message": "An annotated one"})
assert "already exists" in refused(
    GitlabCreateError, 400, lambda: project.tags.create({"tag_name": "t", "ref": "main"})
)
action = {"action": "create", "file_path": "values.yml", "content": "a: 1\n"}
kept = project.commits.list(ref_name="main", get_all=False)[0]
containing = {one["name"] for one in kept.refs("tag", get_all=True)}
assert containing == {"1.0.0", "t"} | {f"0.{number}.0" for number in range(25)}, containing
assert {one["type"] for one in kept.refs("all", get_all=True)} == {"branch", "tag"}
refused(GitlabGetError, 404, lambda: project.commits.get("f" * 40, lazy=True).refs("tag"))
refused(GitlabGetError, 404, lambda: at_job.commits.get(kept.id, lazy=True).refs("tag"))
project.commits.create(
    {"branch": "next", "start_branch": "main", "commit_message": "Follow", "actions": [action]}
)
refused(
    GitlabCreateError,
    400,
    lambda: project.commits.create({"branch": "next", "commit_message": "Again", "actions": [action]}),
)
page = project.wikis.create({"title": "Releases", "content": "none"})
page.content = "some"
page.save()
assert project.wikis.get("Releases").content == "some"

# Merge requests: one for a branch, and not to be merged in the first moment.
request = project.mergerequests.create({"source_branch": "next", "target_branch": "main", "title": "Follow"})
refused(
    GitlabCreateError,
    409,
    lambda: project.mergerequests.create({"source_branch": "next", "target_branch": "main", "title": "x"}),
)
merged = False
for _ in range(5):
    try:
        request.merge(merge_when_pipeline_succeeds=True)
        merged = True
        break
    except gitlab.exceptions.GitlabMRClosedError as error:
        assert error.response_code == 405, error
assert merged

# Triggers.
pipeline = project.trigger_pipeline("main", job_token, variables={"IMAGE": "a"})
assert pipeline.status == "created"

# Developers may not set the project up.
developer = gitlab.Gitlab(url, private_token="developer").projects.get(project.id)
refused(
    GitlabCreateError,
    403,
    lambda: developer.badges.create({"name": "v", "image_url": "https://e.com/v", "link_url": url}),
)
refused(GitlabUpdateError, 404, lambda: at_job.releases.update("9.9.9", {"name": "x"}))
print("fine")
