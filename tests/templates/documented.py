"""docs/pipeline.md against the templates: every variable with its default, every name that files of users extend, every test
that the table of defects names.

Prints what is wrong, then 'documented: N passed, N failed'.
"""

import re
import sys

import yaml

import gitlab
from checks import check, report

CI = gitlab.ROOT / "ci"
# What jobs hand to each other, what programs call their own settings, and what GitLab sets.
INNER = re.compile(
    r"^(CI|GITLAB|FF)_.*|^(CI_IMAGE_DIGEST|RELEASE_IMAGE|RELEASE_DIGEST|APPSCREENER_PROJECT|VERSION|IMAGE_TAGS|BUILD_ARCH|BUILDER_IMAGE|"
    r"PACKAGE_MANAGER|TEST_CONTAINER|DEPLOY_TOOLS|UPSTREAM_\w+|GIT_DEPTH|PATH|PWD|STORAGE_DRIVER|BUILDKITD_FLAGS|BUILDAH_ISOLATION|"
    r"REGISTRY_AUTH_FILE|COMPOSE_PROJECT_NAME|DOCKER_(CONFIG|CONTEXT|HOST|TLS_\w+|CERT_PATH)|PIP_\w+|POETRY_CACHE_DIR|"
    r"TRIVY_(CACHE_DIR|NO_PROGRESS|SKIP_DIRS)|SONAR_USER_HOME|YARN_(CACHE|ENABLE|NPM)_\w+|COREPACK_ENABLE_\w+)$"
)
# What jobs of users extend or reference, as they were told.
INTERFACE = """
.ruff-check-static-analyze .ruff-format-static-analyze .mypy-static-analyze .trivy-static-analyze .hadolint-static-analyze
.kube-score-static-analyze .lint-frontend .lines-of-code-badge .test-python-ci .test-js-ci .test-docker-ci .test-compose-ci
.tag-tested-image .tag-scanned-image .publish .verify-artifactory-properties .image-release .deploy-dev .deploy-prev .deploy-prod
.auto-semver .gitlab-release .gitlab-release-update-prod .run-e2e-tests .default-job .default-docker-cli-job .login-methods
.appscreener-get-project .appscreener-scan .sonar-scan-python .sonar-scan-js .build-image-amd64 .build-image-arm64
.publish-multiarch-manifest .build-frontend-project .prepare-build-tag .configure-package-manager .install-frontend .poetry-base .base-frontend-cache .default-rules
""".split()
RULES = """
dev-rule merge-request-rule tag-rule image-tagging-rule release-rule deploy-dev-rule deploy-prev-rule deploy-prod-rule
gitlab-release-rule
""".split()

# What their projects and groups set.
VARIABLES = """
ARTIFACTORY_USER ARTIFACTORY_PASSWORD ARTIFACTORY_HOST DOCKER_TEAM_REGISTRY_PREFIX DEPLOY_HELM_CHART PROJECT_SLUG ENABLE_ISOLATION
NPMRC_ADDITIONAL_SCOPE COREPACK_NPM_REGISTRY NPM_INSTALL_EXTRA_ARGS PNPM_INSTALL_EXTRA_ARGS YARN_INSTALL_EXTRA_ARGS SEVERITY_COMMAND
CODEQUALITY_REPORT CONTAINER_SCANNING_REPORT RUFF_VERSION MYPY_VERSION SECURITY_TEAM_ID APPSCREENER_TOKEN SONAR_TOKEN SONAR_TEAM
TEAM_PYPI_REPO DEPLOY_NAMESPACE DEPLOY_NAMESPACE_DEV DEPLOY_NAMESPACE_PREV DEPLOY_NAMESPACE_PROD KUBE_CONTEXT KUBE_CONTEXT_DEV
KUBE_CONTEXT_PREV KUBE_CONTEXT_PROD ASSET_URL GENERIC_GITLAB_TOKEN E2E_PROJECT TYPE_COVERAGE_BADGE FILE_SUFFIX
SKIP_TRIVY SKIP_HADOLINT SKIP_KUBESCORE SKIP_BUILD_ARM SKIP_TESTS SKIP_SONAR APPSEC_SKIP SKIP_AUTO_SEMVER SKIP_GITLAB_RELEASE
SKIP_RELEASE_PAGE_UPDATE
""".split()
# An image by its version, or by what holds it: never the latest.
PINNED = re.compile(r"[\w.$-]+(/[\w.-]+)+:(?!latest)[\w.-]*(\d|\$\w+_VERSION)[\w.-]*(@sha256:[0-9a-f]{64})?")


def section(text: str, title: str) -> str:
    return re.split(r"^## ", text.split(f"\n## {title}\n")[1], flags=re.MULTILINE)[0]


def table(text: str) -> list:
    """The cells of each row below the table's head."""
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line.startswith("| ")]
    return rows[1:]


def code(cell: str) -> list:
    return re.findall(r"`([^`]+)`", cell)


def documents() -> dict:
    return {path: path.read_text() for path in sorted(CI.glob("**/*.yml")) if "github" not in path.parts[len(CI.parts) :]}


def keys(texts: dict) -> set:
    return {name for text in texts.values() for name in re.findall(r"^(\.[\w-]+):", text, re.MULTILINE)}


def used(texts: dict) -> set:
    """The variables that rules and scripts read and do not set themselves."""
    found = set()
    for text in texts.values():
        text = re.sub(r"(?m)^\s*#.*$", "", text)
        found |= set(re.findall(r"\$\{?([A-Z][A-Z0-9_]+)", text))
        found |= {name for setting in re.findall(r"\(setting (\w+)\)", text) for name in [setting]}
    return {name for name in found if not INNER.match(name)}


def variables(docs: str, texts: dict) -> None:
    told = {}
    for names, default, _ in table(section(docs, "Variables")):
        values = code(default)
        for at, name in enumerate(code(names)):
            check(f"{name} is documented once", name not in told)
            told[name] = values[at] if len(values) == len(code(names)) else None
    defaults = yaml.safe_load((CI / "_base/vars.yml").read_text())["variables"]
    for name, default in defaults.items():
        check(f"{name} is documented", name in told)
        if told.get(name) is not None:
            check(f"the default of {name} is documented", told[name] == default, f"{told[name]} and not {default}")
    tools = "".join(path.read_text() for folder in ("crates", "libs") for path in (gitlab.ROOT / folder).glob("*/src/**/*.rs"))
    read = used(texts)
    for name in told:
        check(f"{name} is read by a job or a tool", name in read or re.search(rf'"{name}"', tools) is not None or suffixed(name, read))
    for name in sorted(read):
        check(f"{name}, which a job reads, is documented", name in told)


def promised(docs: str) -> None:
    """What was promised to users is documented, and some test sets it."""
    tests = "".join(path.read_text() for path in gitlab.HERE.glob("*.*") if path.suffix in (".py", ".yml") and path.name != "documented.py")
    for name in VARIABLES:
        check(f"{name} is documented for users", f"`{name}`" in section(docs, "Variables"))
        # Which version that is, images() below looks at.
        check(f"{name} is set by a test", name.endswith("_VERSION") or re.search(rf"\b{name}\b", tests) is not None)


def images(texts: dict) -> None:
    """Every image is a variable of its own, whole, so that a digest can stand there; and its default is one version."""
    defaults = yaml.safe_load((CI / "_base/vars.yml").read_text())["variables"]
    for name, default in defaults.items():
        if name.endswith("_IMAGE"):
            check(f"{name} is one version", PINNED.fullmatch(default) is not None, default)
    version = re.search(r'^version = "(.*)"', (gitlab.ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
    check("the image of the tools is of this version", defaults["PYPELINES_IMAGE"].endswith(f":{version}"), defaults["PYPELINES_IMAGE"])
    check("RUFF_VERSION says which ruff", "$RUFF_VERSION" in defaults["RUFF_IMAGE"], defaults["RUFF_IMAGE"])
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)", (gitlab.HERE / "requirements.txt").read_text(), re.MULTILINE))
    for name, variable in (("ruff", "RUFF_VERSION"), ("mypy", "MYPY_VERSION"), ("mypy-gitlab-code-quality", "MYPY_CODE_QUALITY_VERSION")):
        check(f"{variable} is what is tested", pinned[name] == defaults[variable], f"{pinned[name]} and not {defaults[variable]}")
    for path, text in texts.items():
        jobs = {name: job for document in yaml.load_all(text, Loader) for name, job in document.items() if isinstance(job, dict)}
        for name, job in jobs.items():
            named = [job.get("image"), *(job.get("services") or [])]
            for image in [one.get("name") if isinstance(one, dict) else one for one in named if one]:
                check(f"the image of {name} in {path.name} is a variable", re.fullmatch(r"\$\w+_IMAGE", image) is not None, image)


def suffixed(name: str, read: set) -> bool:
    """KUBE_CONTEXT_DEV is read as the setting KUBE_CONTEXT of dev."""
    return any(name == f"{base}_{suffix}" and base in read for base in read for suffix in ("DEV", "PREV", "PROD"))


def names(docs: str, texts: dict) -> None:
    known = keys(texts)
    for name in INTERFACE:
        check(f"{name} exists", name in known)
    rules = yaml.load((CI / "_base/rules.yml").read_text(), Loader)[".default-rules"]
    for name in RULES:
        check(f"{name} exists", name in rules)
    for name in rules:
        check(f"{name} is documented", f"`{name}`" in docs or name == "not-delivered")
    for name in sorted(set(re.findall(r"`(\.[a-z][\w-]+)`", docs)) - {".gitlab-ci.yml", ".npmrc", ".image-track-cache"}):
        check(f"{name}, which the documentation names, exists", name in known)


class Loader(yaml.SafeLoader):
    pass


Loader.add_constructor("!reference", lambda loader, node: loader.construct_sequence(node))


def defects() -> None:
    """Every test that the table names is there: a title in a script, or a row of the matrix."""
    sources = "".join(path.read_text() for path in gitlab.HERE.glob("*.py") if path.name != "documented.py")
    fixture = gitlab.matrix()
    rows = table((gitlab.HERE / "README.md").read_text().split("## Defects")[1])
    for defect, tests in rows:
        for test in code(tests):
            where, _, what = test.partition(": ")
            if where == "matrix":
                pipeline, event, *setting = what.split()
                known = pipeline in fixture["pipelines"] and event in fixture["events"]
                varied = [v for v in fixture["variations"] if v["event"] == event and pipeline in v.get("in", ["every-job"])]
                known = known and all(any(name in v["set"] for v in varied) for name in setting)
            else:
                known = (gitlab.HERE / f"{where}.py").exists() and what in sources
            check(f"the test of '{defect}' exists", known, test)
    check("each known defect has a row", len(rows) >= 15, len(rows))


def main() -> int:
    docs = (gitlab.ROOT / "docs/pipeline.md").read_text()
    texts = documents()
    variables(docs, texts)
    promised(docs)
    images(texts)
    names(docs, texts)
    defects()
    return report("documented")


if __name__ == "__main__":
    sys.exit(main())
