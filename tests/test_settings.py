"""Precedence: flag > environment > file > default; what is a run's identity and what is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fastsynth.config import Config
from fastsynth.config.identity import identity_of
from fastsynth.config.phases import probing_config
from fastsynth.config.roles import roles_of
from fastsynth.config.settings import Flags, decode, dump, find_config, load_config, seconds
from fastsynth.errors import ConfigError
from fastsynth.prompts import share

MODELS = {"writer": "m", "reasoning": "m", "critic": "m"}
FILE = """
seed: 3
engine: {width: 5}
endpoints:
  paid: {url: "http://file/v1", model: of-file}
  own: {kind: scripted}
roles: {default: paid}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "a.yaml").write_text(FILE)
    return tmp_path / "a.yaml"


def loaded(path: Path, environ: dict[str, str] | None = None, **flags: Any) -> Config:
    return load_config(path, Flags(**flags), environ or {})


def test_a_file_stands_over_the_defaults(path: Path) -> None:
    config = loaded(path)

    assert (config.seed, config.engine.width, config.chain.attempts) == (3, 5, 3)


def test_the_environment_stands_over_the_file_and_a_flag_over_both(path: Path) -> None:
    environ = {"FASTSYNTH_WIDTH": "6", "FASTSYNTH_SEED": "4", "FASTSYNTH_MODEL": "of-environ"}
    told = loaded(path, environ, width=7, model="of-flag")

    assert loaded(path, environ).engine.width == 6
    assert loaded(path, environ).endpoints["paid"].model == "of-environ"
    assert (told.engine.width, told.seed) == (7, 4)
    assert told.endpoints["paid"].model == "of-flag"


def test_a_flag_stands_over_a_setting_of_the_same_key(path: Path) -> None:
    config = loaded(path, settings=("engine.width=8", "chain.blind=2"), width=9)

    assert (config.engine.width, config.chain.blind) == (9, 2)


def test_a_setting_may_add_an_endpoint_that_a_role_uses(path: Path) -> None:
    config = loaded(path, settings=("endpoints.small.url=http://s/v1", "roles.critic=small"))

    assert config.endpoints["small"].url == "http://s/v1"


def test_openai_base_url_replaces_addresses_of_kind_openai_only(path: Path) -> None:
    config = loaded(path, {"OPENAI_BASE_URL": "http://environ/v1"})

    assert config.endpoints["paid"].url == "http://environ/v1"
    assert config.endpoints["own"].url is None


def test_base_url_replaces_addresses_and_keeps_kinds(path: Path) -> None:
    urls = ("http://a/v1", "http://b/v1")
    config = loaded(path, {"OPENAI_BASE_URL": "http://environ/v1"}, urls=urls)

    for name, kind in (("paid", "openai"), ("own", "scripted")):
        assert config.endpoints[name].urls == urls
        assert config.endpoints[name].url is None
        assert config.endpoints[name].kind == kind


def test_the_default_config_is_offline_unless_the_environment_names_an_endpoint() -> None:
    assert find_config(None, {}).name == "offline.yaml"
    assert find_config(None, {"OPENAI_API_KEY": "k"}).name == "openai.yaml"
    assert find_config(None, {"OPENAI_BASE_URL": "u"}).name == "openai.yaml"


@pytest.mark.parametrize("shipped", sorted(p.name for p in share("configs").glob("*.yaml")))
def test_every_shipped_config_reads_well(shipped: str) -> None:
    config = loaded(find_config(f"configs/{shipped}", {}))

    assert config.output.accepted >= 1
    assert decode(yaml.safe_load(dump(config)), "dump") == config


def test_the_dump_holds_no_header_and_no_key(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_KEY", "sk-secret")
    headers = "endpoints.paid.headers={X-Api-Key: sk-header}"
    addresses = "endpoints.paid.urls=[https://me:sk-url@host:8000/v1]"
    proxy = "endpoints.paid.proxy=http://me:sk-proxy@proxy:3128"
    settings = (headers, "endpoints.paid.key_env=PROVIDER_KEY", addresses, proxy)
    text = dump(loaded(path, settings=settings))

    assert "PROVIDER_KEY" in text
    assert "https://host:8000/v1" in text
    assert "http://proxy:3128" in text
    assert "sk-" not in text


def complained(act: Callable[..., Any], *arguments: Any) -> str | None:
    try:
        act(*arguments)
    except ConfigError as error:
        return str(error)
    return None


IDENTITY = ("environment=bfcl", "seed=9", "chain.attempts=1", "conversation.turns=[3, 4]",
            "kinds={base: 1}", "sampling.critic.temperature=0.5",
            "teacher.mistakes.refusal=0.5")  # fmt: skip
OPERATION = ("engine.width=3", "output.accepted=9", "budget.usd=4", "endpoints.paid.url=http://x",
             "endpoints.paid.in_flight=2", "endpoints.paid.key_env=K", "tools.time_limit=3",
             "teacher.latency_ms=5")  # fmt: skip


@pytest.mark.parametrize("setting", IDENTITY)
def test_what_decides_the_data_is_identity(path: Path, setting: str) -> None:
    changed = identity_of(loaded(path, settings=(setting,)), "p", MODELS)

    assert changed != identity_of(loaded(path), "p", MODELS)


@pytest.mark.parametrize("setting", OPERATION)
def test_what_only_decides_how_it_is_made_is_not(path: Path, setting: str) -> None:
    changed = identity_of(loaded(path, settings=(setting,)), "p", MODELS)

    assert changed == identity_of(loaded(path), "p", MODELS)


def test_prompts_and_models_are_identity(path: Path) -> None:
    config = loaded(path)
    plain = identity_of(config, "p", MODELS)

    assert identity_of(config, "q", MODELS) != plain
    assert identity_of(config, "p", {**MODELS, "critic": "n"}) != plain


@pytest.mark.parametrize(
    ("text", "value"), [("90", 90), ("90s", 90), ("1.5m", 90), ("2h", 7200), ("1d", 86400)]
)
def test_times(text: str, value: float) -> None:
    assert seconds(text) == value


@given(st.text(max_size=6))
def test_other_times_are_refused_by_name(text: str) -> None:
    complaint = complained(seconds, text)

    assert complaint is None or complaint.startswith("--max-time: ")


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)
keys = st.sampled_from([field.name for field in msgspec.structs.fields(Config)])


@given(st.dictionaries(keys, json_like, max_size=3))
def test_whatever_a_file_holds_it_is_a_config_or_one_line(raw: dict[str, Any]) -> None:
    complaint = complained(decode, raw, "a.yaml")

    if complaint is not None:
        assert complaint.startswith("a.yaml: $")
        assert "need" in complaint or "known" in complaint
        assert "\n" not in complaint


@pytest.fixture
def student(tmp_path: Path) -> Path:
    text = FILE.replace("roles: {default: paid}", "roles: {default: paid, student: own}")
    (tmp_path / "s.yaml").write_text(text + "targets: {by: failure, runs: 3, conversations: 7}\n")
    return tmp_path / "s.yaml"


def test_sections_of_the_student_that_are_off_are_not_identity(path: Path) -> None:
    plain = identity_of(loaded(path), "p", MODELS)

    for setting in ("targets.runs=9", "targets.conversations=5", "targets.probe=elsewhere",
                    "teacher.student={book: 0.5}", "roles.student=own"):  # fmt: skip
        assert identity_of(loaded(path, settings=(setting,)), "p", MODELS) == plain


def test_a_probe_and_a_band_are_identity(student: Path) -> None:
    config = loaded(student)
    found = {
        identity_of(config, "p", MODELS, "one"),
        identity_of(config, "p", MODELS, "other"),
        identity_of(loaded(student, settings=("student.runs=4",)), "p", MODELS, "one"),
        identity_of(loaded(student, settings=("student.band=[0.2, 0.8]",)), "p", MODELS, "one"),
        identity_of(loaded(student, settings=("targets.coverage=0.5",)), "p", MODELS, "one"),
    }

    assert len(found) == 5


def test_a_probing_phase_is_a_run_by_coverage_with_the_student_asked(student: Path) -> None:
    phase = probing_config(loaded(student, settings=("student.band=[0.2, 0.8]",)))

    assert (phase.targets.by, phase.output.accepted) == ("coverage", 7)
    assert phase.student is not None
    assert (phase.student.runs, phase.student.band) == (3, None)
    assert roles_of(phase)["student"] == "own"
    assert "student" not in roles_of(loaded(student))


def test_the_student_is_never_the_default_endpoint(path: Path) -> None:
    said = complained(lambda: loaded(path, settings=("targets.by=failure",)))

    assert said is not None
    assert "$.roles.student: None, need the endpoint of the model that is to learn" in said


def test_an_address_from_outside_is_not_the_students(student: Path) -> None:
    config = loaded(student, {"OPENAI_BASE_URL": "http://e/v1"}, urls=("http://a/v1",), model="m")

    assert config.endpoints["paid"].urls == ("http://a/v1",)
    assert (config.endpoints["own"].urls, config.endpoints["own"].model) == ((), None)


VARIABLES = """
endpoints:
  paid:
    url: "https://${HOST}/v1"
    model: m
    headers: {api-key: "${GATE_KEY}", X-Team: "a ${b} $c"}
"""


def test_variables_of_addresses_and_headers_are_filled_in_and_never_written(path: Path) -> None:
    path.write_text(VARIABLES)
    config = loaded(path, {"HOST": "gate.example", "GATE_KEY": "secret-1", "b": "B"})

    assert config.endpoints["paid"].url == "https://gate.example/v1"
    assert config.endpoints["paid"].headers == {"api-key": "secret-1", "X-Team": "a B $c"}
    assert "secret-1" not in dump(config)


def test_a_variable_that_is_not_set_is_named_with_its_place(path: Path) -> None:
    path.write_text(VARIABLES)

    with pytest.raises(ConfigError, match=r"paid.headers.api-key: .*GATE_KEY, it is not set"):
        loaded(path, {"HOST": "gate.example"})


def test_a_key_written_where_its_variable_belongs_is_not_repeated(path: Path) -> None:
    path.write_text("endpoints: {paid: {url: 'http://a/v1', key_env: sk-12345}}")

    with pytest.raises(ConfigError, match="name of the variable") as raised:
        loaded(path)
    assert "12345" not in str(raised.value)


@pytest.mark.parametrize(
    ("languages", "complaint"),
    [
        ("{xx: 1}", "$.languages.xx: 'xx', need one of: de, en,"),
        ("{en: 0}", "need one weight above 0"),
        ("{de: 1}", "the scripted teacher writes English only"),
    ],
)
def test_languages_have_to_be_known_and_the_writer_able(
    tmp_path: Path, languages: str, complaint: str
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"languages: {languages}\n")

    with pytest.raises(ConfigError) as error:
        loaded(path)

    assert complaint in str(error.value)


def test_english_alone_is_no_other_run_than_before(path: Path) -> None:
    plain, weighed = loaded(path), loaded(path, settings=("languages={en: 5, de: 0}",))
    mixed = loaded(path, settings=("languages={en: 1, de: 1}",))

    assert identity_of(weighed, "p", MODELS) == identity_of(plain, "p", MODELS)
    assert identity_of(mixed, "p", MODELS) != identity_of(plain, "p", MODELS)


def test_space_around_a_key_is_dropped_and_a_line_break_inside_is_refused(path: Path) -> None:
    path.write_text(VARIABLES)
    config = loaded(path, {"HOST": "gate.example", "GATE_KEY": "secret-1\n", "b": "B"})
    assert config.endpoints["paid"].headers["api-key"] == "secret-1"

    broken = {"HOST": "gate.example", "GATE_KEY": "secret-1\nX", "b": "B"}
    with pytest.raises(ConfigError, match=r"headers.api-key: \(not shown\), need one line"):
        loaded(path, broken)
    with pytest.raises(ConfigError, match="variable OPENAI_API_KEY: "):
        loaded(path, {**broken, "GATE_KEY": "g", "OPENAI_API_KEY": "a\rb"})
