"""Revisions of models on the hub: in names, in keys, in what is loaded, and in errors."""

from pathlib import Path

import huggingface_hub.constants
import pytest
import torch
from huggingface_hub.errors import RevisionNotFoundError
from transformers import AutoConfig

from sublim_utils.errors import SublimError
from sublim_utils.findings.owl_numbers import OwlNumbers
from sublim_utils.findings.plan import shape
from sublim_utils.models.catalog import (
    MODELS,
    full_name,
    get_model,
    resolved_commit,
    weights_identity,
    weights_mark,
)
from sublim_utils.models.loading import load, why_missing
from sublim_utils.profiles import find_profile
from sublim_utils.store import Store

FIRST, SECOND = "1" * 40, "2" * 40


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the hub with a repository of two commits, whose weights differ, and no network."""
    repository = tmp_path / "models--somebody--something"
    (repository / "refs").mkdir(parents=True)
    for commit, name in ((FIRST, "v1"), (SECOND, "main")):
        model = load(get_model("random"))
        if commit == SECOND:
            model.network.model.embed_tokens.weight.data *= 2
        snapshot = repository / "snapshots" / commit
        model.network.save_pretrained(snapshot)
        model.tokenizer.save_pretrained(snapshot)
        (repository / "refs" / name).write_text(commit)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@pytest.mark.parametrize(
    ("name", "commit"),
    [
        ("somebody/something", SECOND),
        ("somebody/something@main", SECOND),
        ("somebody/something@v1", FIRST),
        (f"somebody/something@{FIRST}", FIRST),
        ("somebody/something@v1#plain", FIRST),
    ],
)
def test_the_named_revision_is_loaded_and_resolved(hub: None, name: str, commit: str) -> None:
    spec = get_model(name)
    assert why_missing(spec) is None
    model = load(spec)
    expected = load(get_model("random")).network.model.embed_tokens.weight
    factor = 1 if commit == FIRST else 2
    assert torch.equal(model.network.model.embed_tokens.weight, factor * expected)
    assert model.chat.name == ("plain" if name.endswith("#plain") else "chatml")
    assert resolved_commit(spec) == commit
    assert weights_identity([name]) == {name: f"commit:{commit}"}


def test_only_what_the_cache_holds_has_a_commit(hub: None, tmp_path: Path) -> None:
    for name in ("somebody/other", "somebody/something@v2", "smollm2-135m", "random"):
        assert resolved_commit(get_model(name)) is None
    assert resolved_commit(get_model(str(tmp_path))) is None


def test_a_revision_that_is_not_in_the_cache_is_named_when_there_is_no_network(hub: None) -> None:
    with pytest.raises(SublimError, match=r"something at revision v2: .*check the name"):
        load(get_model("somebody/something@v2"))


def test_an_unknown_revision_is_named_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, revision: str, **__: object) -> None:
        answer = RevisionNotFoundError.__new__(RevisionNotFoundError)  # made without a response
        raise OSError(f"{revision} is not a valid git identifier") from answer

    monkeypatch.setattr(AutoConfig, "from_pretrained", unknown)
    with pytest.raises(SublimError) as caught:
        load(get_model("somebody/something@v9"))
    assert str(caught.value) == (
        "Cannot load something from somebody/something at revision v9: there is no revision 'v9'; "
        "name a commit, a tag or a branch that its page on the hub lists."
    )


def test_a_name_tells_revision_and_template() -> None:
    spec = get_model("somebody/something@refs/pr/7#chatml")
    assert (spec.location, spec.revision, spec.chat) == (
        "somebody/something",
        "refs/pr/7",
        "chatml",
    )
    assert full_name("somebody/something@v1#plain") == "somebody/something@v1#plain"
    assert full_name("Qwen2.5-7B-Instruct@v1") == "Qwen/Qwen2.5-7B-Instruct@v1"
    pinned = MODELS["Qwen2.5-7B-Instruct"]
    assert full_name(f"{pinned.location}@{pinned.revision}") == "Qwen2.5-7B-Instruct"
    other = get_model("Qwen/Qwen2.5-7B-Instruct@v1")
    assert other == pinned.model_copy(update={"revision": "v1"})
    assert shape("Qwen2.5-7B-Instruct@v1") == shape("Qwen2.5-7B-Instruct")


@pytest.mark.parametrize("name", ["random@v1", "smollm2-135m@v1", "smollm2-135m@v1#plain"])
def test_what_is_not_on_the_hub_has_no_revisions(name: str) -> None:
    with pytest.raises(SublimError, match=r"no repository on the hub.*leave out @v1\.$"):
        get_model(name)


def test_a_folder_has_no_revisions_and_may_have_the_mark_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "model@v1"
    folder.mkdir()
    assert get_model(str(folder)).source == "folder"
    with pytest.raises(SublimError, match="no repository on the hub"):
        get_model(f"{tmp_path}@v1")


def test_an_empty_revision_is_refused() -> None:
    with pytest.raises(SublimError, match="somebody/something@ names no revision"):
        get_model("somebody/something@")


def test_every_repository_of_the_catalogue_is_pinned_to_a_commit() -> None:
    revisions = {s.name: s.revision for s in MODELS.values() if s.source == "hub"}
    assert len(revisions) == 8
    for revision in revisions.values():
        assert revision is not None
        assert len(bytes.fromhex(revision)) == 20
    assert len(set(revisions.values())) == len(revisions)


def test_the_revision_is_in_the_keys_of_models_on_the_hub_alone() -> None:
    name = "Qwen2.5-7B-Instruct#plain"
    pin = MODELS["Qwen2.5-7B-Instruct"].revision
    assert weights_mark([name, "smollm2-135m", "random"]) == {"weights": {name: pin}}
    assert weights_mark(["somebody/something@v1"]) != weights_mark(["somebody/something@v2"])
    assert weights_mark(["smollm2-135m", "random", "somebody/something"]) == {}


def test_records_of_two_revisions_lie_apart(tmp_path: Path) -> None:
    paths, keys = set(), set()
    for name in ("x/y", "x/y@plain", "x/y#plain", "x/y@v1", "x/y@refs/pr/1", "x/y@v1#plain"):
        finding = OwlNumbers(find_profile("smoke"), store=Store(tmp_path), model=name)
        experiment = finding.experiments()[0]
        paths.add(finding.record_book.path(experiment))
        keys.add(experiment.key)
        assert (
            finding.record_book.command.endswith(f"--model {name}")
            or "'" in finding.record_book.command
        )
    assert len(paths) == len(keys) == 6
