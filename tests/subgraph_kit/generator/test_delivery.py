"""The delivery files of a project: what operators are promised (rows 124-128), and that they hold.

The chart's templates are Go templates, which only Helm reads; its values and description are YAML.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for
from ruamel.yaml import YAML
from typer.testing import CliRunner

from supergraph.cli import app
from tests.subgraph_kit.generator.sources import shop_database, visits_file
from tests.testkit.generated import make_project

BASE = Path("deploy/kustomize/base")
LABELS = {"app.kubernetes.io/name": "on"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of files; YAML takes its name for a boolean unless it stands in quotes."""
    directory = tmp_path_factory.mktemp("delivery")
    asyncio.run(make_project(directory, "on", f"csv:{visits_file(directory)}"))
    return directory / "on"


def read(path: Path) -> Any:
    """As Kubernetes' tools read it: YAML 1.1, where `on` is a boolean."""
    return yaml.safe_load(path.read_text())


def read_new(path: Path) -> Any:
    """As GitHub and Compose read it: YAML 1.2."""
    return YAML(typ="safe").load(path)


@pytest.fixture(scope="module")
def manifests(project: Path) -> dict[str, Any]:
    """The objects that `kustomization.yaml` lists, by kind."""
    names = read(project / BASE / "kustomization.yaml")["resources"]
    found = [
        each for name in names for each in yaml.safe_load_all((project / BASE / name).read_text())
    ]
    assert {each["metadata"]["name"] for each in found} == {"on-subgraph"}
    return {each["kind"]: each.get("spec", each) for each in found}


def test_pods_are_replaced_one_by_one_on_different_nodes(manifests: dict[str, Any]) -> None:
    deployment = manifests["Deployment"]
    assert deployment["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }
    # The autoscaler holds the number: one here would undo what it did at each deployment.
    assert "replicas" not in deployment
    pod = deployment["template"]["spec"]
    [apart] = pod["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert apart["podAffinityTerm"] == {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": {"matchLabels": LABELS},
    }
    assert manifests["PodDisruptionBudget"]["selector"] == {"matchLabels": LABELS}


def test_a_pod_is_limited_probed_and_given_time_to_end(manifests: dict[str, Any]) -> None:
    pod = manifests["Deployment"]["template"]["spec"]
    [container] = pod["containers"]
    assert container["resources"] == {
        "requests": {"cpu": "500m", "memory": "512Mi"},
        "limits": {"cpu": "2", "memory": "2Gi"},
    }
    assert probe(container["livenessProbe"]) == ("/health/live", "http", 30, 10, 5, 3)
    assert probe(container["readinessProbe"]) == ("/health/ready", "http", 10, 5, 3, 2)
    assert "sleep(15)" in container["lifecycle"]["preStop"]["exec"]["command"][-1]
    assert pod["terminationGracePeriodSeconds"] > 15


def probe(found: dict[str, Any]) -> tuple[Any, ...]:
    http = found["httpGet"]
    numbers = ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold")
    return (http["path"], http["port"], *(found[name] for name in numbers))


def test_a_pod_may_do_nothing_but_serve(manifests: dict[str, Any]) -> None:
    pod = manifests["Deployment"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "capabilities": {"drop": ["ALL"]},
    }


def test_it_scales_from_3_to_20_by_processor_memory_and_its_own_lag(
    manifests: dict[str, Any],
) -> None:
    scaler = manifests["HorizontalPodAutoscaler"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 20)
    cpu, memory, lag = scaler["metrics"]
    assert cpu["resource"] == {
        "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}
    }  # fmt: skip
    assert memory["resource"] == {
        "name": "memory", "target": {"type": "Utilization", "averageUtilization": 80}
    }  # fmt: skip
    assert lag["external"] == {
        "metric": {
            "name": "kafka_consumer_lag",
            "selector": {"matchLabels": {"job": "on-subgraph"}},
        },
        "target": {"type": "AverageValue", "averageValue": "1000"},
    }
    assert scaler["behavior"] == {
        "scaleDown": {
            "stabilizationWindowSeconds": 300,
            "policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}],
        },
        "scaleUp": {
            "stabilizationWindowSeconds": 60,
            "policies": [{"type": "Percent", "value": 100, "periodSeconds": 30}],
        },
    }


def test_it_is_reached_on_80_and_measured_on_9090(manifests: dict[str, Any]) -> None:
    [port] = manifests["Deployment"]["template"]["spec"]["containers"][0]["ports"]
    assert port == {"name": "http", "containerPort": 8080}
    ports = {each["name"]: each for each in manifests["Service"]["ports"]}
    assert (ports["http"]["port"], ports["http"]["targetPort"]) == (80, "http")
    assert (ports["metrics"]["port"], ports["metrics"]["targetPort"]) == (9090, "http")
    monitor = manifests["ServiceMonitor"]
    assert monitor["endpoints"] == [{"port": "metrics", "path": "/metrics", "interval": "30s"}]
    assert monitor["selector"] == {"matchLabels": LABELS}


def test_kustomize_labels_what_selectors_look_for(project: Path) -> None:
    kustomization = read(project / BASE / "kustomization.yaml")
    [labels] = kustomization["labels"]
    assert labels["includeSelectors"] is True
    assert labels["pairs"]["app.kubernetes.io/name"] == "on"
    [configuration] = kustomization["configMapGenerator"]
    assert "ON_DIRECTORY=/data" in configuration["literals"]


def test_the_chart_has_the_same_values(project: Path) -> None:
    chart = read(project / "deploy/helm/Chart.yaml")
    assert (chart["apiVersion"], chart["name"]) == ("v2", "on-subgraph")
    values = read(project / "deploy/helm/values.yaml")["adapters"]["on"]
    assert values["replicas"] == 3
    assert values["resources"] == {
        "requests": {"cpu": "500m", "memory": "512Mi"},
        "limits": {"cpu": "2", "memory": "2Gi"},
    }
    assert values["autoscaling"] == {
        "enabled": True,
        "minReplicas": 3,
        "maxReplicas": 20,
        "cpuUtilization": 70,
        "memoryUtilization": 80,
        "kafkaLag": 1000,
    }
    assert values["serviceMonitor"] == {"enabled": True, "interval": "30s"}
    assert values["env"]["ON_DIRECTORY"] == "/data"


def test_the_chart_says_what_an_adapter_lacks(project: Path) -> None:
    values = read(project / "deploy/helm/values.yaml")
    schema = json.loads((project / "deploy/helm/values.schema.json").read_text())
    validator = validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(values)] == []
    del values["adapters"]["on"]["autoscaling"]
    assert [error.message for error in validator.iter_errors(values)] == [
        "'autoscaling' is a required property"
    ]


@pytest.mark.parametrize(
    ("schema", "file"),
    [("compose-spec", "compose.yaml"), ("github-workflows", ".github/workflows/ci.yaml")],
)
def test_compose_file_and_workflow_are_valid(project: Path, schema: str, file: str) -> None:
    found: dict[str, Any] = json.loads(
        files("check_jsonschema").joinpath(f"builtin_schemas/vendor/{schema}.json").read_text()
    )
    validator = validator_for(found)
    document = read_new(project / file)
    assert [error.message for error in validator(found).iter_errors(document)] == []


def test_compose_runs_it_as_kubernetes_does_and_brings_the_files(project: Path) -> None:
    service = read_new(project / "compose.yaml")["services"]["on-subgraph"]
    assert (service["user"], service["read_only"]) == ("1000:1000", True)
    assert service["cap_drop"] == ["ALL"]
    assert service["environment"]["ON_DIRECTORY"] == "/data"
    [mount] = service["volumes"]
    assert (mount["target"], mount["read_only"]) == ("/data", True)
    assert (project / mount["source"] / "visits.csv").is_file()


def test_compose_brings_the_file_of_a_database(tmp_path: Path) -> None:
    asyncio.run(make_project(tmp_path, "shop", f"sqlite:{shop_database(tmp_path)}"))
    service = read_new(tmp_path / "shop/compose.yaml")["services"]["shop-subgraph"]
    assert service["environment"]["SHOP_SOURCE_URL"] == "sqlite:////data/shop.db"
    assert (tmp_path / "shop" / service["volumes"][0]["source"] / "shop.db").is_file()


def steps_of(project: Path) -> dict[str, str]:
    """The scripts of the workflow, by the name of their step (or by themselves)."""
    workflow = read_new(project / ".github/workflows/ci.yaml")
    steps = [step for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    return {step.get("name", step["run"]): step["run"] for step in steps}


def bash(script: str, project: Path, **environment: str) -> str:
    result = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=project,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def run_step(script: str, project: Path, **environment: str) -> str:
    """Run a step; its one `dictamesh` command in this process, which starts sooner."""
    said = bash(f"dictamesh() {{ printf '%s\\n' \"$@\"; }}\n{script}", project, **environment)
    group, *arguments = said.splitlines()
    assert group == "supergraph"
    with contextlib.chdir(project):
        result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_workflow_composes_and_checks_from_the_first_pull_request_on(project: Path) -> None:
    steps = steps_of(project)
    bash(COMMIT.format(branch="empty", what="README.md"), project)
    bash(COMMIT.format(branch="main", what="."), project)
    run_step(steps["Compose"], project)
    assert (project / "supergraph.graphql").is_file()
    check = steps["Check that nobody breaks"]
    assert "passed" in run_step(check, project, BRANCH="empty")
    assert "against origin/main:supergraph.yaml: passed" in run_step(check, project, BRANCH="main")
    assert "passed" in (project / "check.md").read_text()


# A commit that the runner's clone has as the branch of its remote.
COMMIT = """
test -d .git || git init -q .
git add {what}
git -c user.name=a -c user.email=a@example.org commit -qm {branch}
git update-ref refs/remotes/origin/{branch} HEAD
"""


def test_the_workflow_makes_what_the_makefile_has(project: Path) -> None:
    scripts = steps_of(project)
    targets = re.findall(r"^([a-z]+):", (project / "Makefile").read_text(), re.M)
    assert set(targets) > {"check", "test"}
    assert "make check test" in scripts
    # What somebody may name (a branch) is never part of a script.
    assert not any("${{" in script for script in scripts.values())
