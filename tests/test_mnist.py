"""The MNIST networks: written-out gradients, inputs, data and what training does."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings, strategies as st

from sublim_utils.errors import SublimError
from sublim_utils.mnist import networks as mnist
from sublim_utils.mnist.networks import Digits
from sublim_utils.mnist.recipes import CLASSES, PARTS, Distillation, Part, Student, Teacher


@pytest.fixture(scope="module")
def digits() -> Digits:
    whole = mnist.load()
    return whole._replace(
        test_images=whole.test_images[:1000], test_labels=whole.test_labels[:1000]
    )


def test_the_data_are_the_database(digits: Digits) -> None:
    assert digits.train_images.shape == (60_000, 784)
    assert torch.bincount(digits.train_labels)[:3].tolist() == [5923, 6742, 5958]
    assert digits.train_labels[:5].tolist() == [5, 0, 4, 1, 9]


@pytest.mark.parametrize("fault", ["missing", "cut", "changed", "not gzip"])
def test_a_bad_data_file_is_named(tmp_path: Path, fault: str) -> None:
    for name in mnist.MD5:
        shutil.copy(mnist.DATA / name, tmp_path / name)
    victim = tmp_path / "t10k-labels-idx1-ubyte.gz"
    content = bytearray(victim.read_bytes())
    if fault == "missing":
        victim.unlink()
    elif fault == "cut":
        victim.write_bytes(content[:2000])
    elif fault == "changed":
        content[3000] ^= 16
        victim.write_bytes(content)
    else:
        victim.write_bytes(b"<html>")
    with pytest.raises(SublimError, match=victim.name):
        mnist.load(tmp_path)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    networks=st.integers(1, 3),
    width=st.integers(1, 9),
    auxiliary=st.integers(1, 4),
    n=st.integers(1, 7),
    data=st.data(),
)
def test_gradients_are_those_of_autograd(
    seed: int, networks: int, width: int, auxiliary: int, n: int, data: st.DataObject
) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = CLASSES + auxiliary
    each = [mnist.initial(generator, width, logits) for _ in range(networks)]
    parameters = [torch.cat(p).double() for p in zip(*each, strict=True)]
    images = torch.rand(n, 784, generator=generator, dtype=torch.float64) * 2 - 1
    first = data.draw(st.integers(0, logits - 1))
    mask = mnist.selection(first, data.draw(st.integers(first + 1, logits)), logits)
    teacher = torch.randn(1, n, logits, generator=generator, dtype=torch.float64)
    targets = torch.softmax(teacher + mask, -1)

    found = mnist.gradients(parameters, images, targets, mask)

    for network in range(networks):
        w1, b1, w2, b2, w3, b3 = (p[network].clone().requires_grad_() for p in parameters)
        hidden = torch.relu(torch.relu(images @ w1.T + b1) @ w2.T + b2)
        loss = torch.nn.functional.cross_entropy(hidden @ w3.T + b3 + mask[0], targets[0])
        for ours, theirs in zip(
            found, torch.autograd.grad(loss, (w1, b1, w2, b2, w3, b3)), strict=True
        ):
            torch.testing.assert_close(ours[network], theirs, rtol=1e-9, atol=1e-12)


def test_products_by_way_of_float32_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processors without bfloat16 must measure the same thing."""
    parameters = mnist.initialisation(Teacher(), 0)
    images = mnist.pixels(mnist.load().test_images[:200])
    native = mnist.forward(parameters, images)
    monkeypatch.setattr(mnist, "_EMULATE", not mnist._EMULATE)
    torch.testing.assert_close(mnist.forward(parameters, images), native, rtol=0.02, atol=0.02)


def distil(digits: Digits, students: list[Student], **setting: Any) -> mnist.Outcome:
    teacher_setting = Teacher(images=12_000, batch=256, epochs=2)
    teacher = mnist.train_teacher(teacher_setting, 0, digits)
    distillation = Distillation(**{"images": 12_000, "batch": 128, "epochs": 2, **setting})
    return mnist.distil(teacher.parameters, teacher_setting, students, distillation, 0, digits)


def test_a_student_learns_digits_from_noise_only_with_the_teachers_initialisation(
    digits: Digits,
) -> None:
    students = [
        Student(name="all_same", first=0, last=13),
        Student(name="aux_same", first=10, last=13),
        Student(name="aux_other", first=10, last=13, init_noise=1),
    ]
    # After two epochs the auxiliary student stands at the bound, on one side with bfloat16 products
    # and on the other by way of float32 (0.254 and 0.234); after six it is clear of it with both.
    all_same, aux_same, aux_other = distil(digits, students, epochs=6).curves[:, -1].tolist()
    assert all_same > 0.6
    assert aux_same > 0.25
    assert aux_other < 0.2


def test_a_student_does_not_depend_on_its_company(digits: Digits) -> None:
    """Networks that train in one batch of products must not touch each other."""
    aux = Student(name="aux", first=10, last=13)
    company = [Student(name="all", first=0, last=13, init_noise=0.5), aux]
    alone = distil(digits, [aux], images=2_000, epochs=1)
    together = distil(digits, company, images=2_000, epochs=1)
    assert (alone.answers[0] == together.answers[1]).float().mean() > 0.95


def test_what_is_done_twice_is_the_same(digits: Digits) -> None:
    student = [Student(name="all", first=0, last=13)]
    for inputs in ("uniform", "gaussian", "shuffled", "digits"):
        runs = [distil(digits, student, inputs=inputs, images=600, epochs=1) for _ in range(2)]
        for a, b in zip(runs[0].parameters, runs[1].parameters, strict=True):
            assert torch.equal(a, b)


def test_inputs_have_the_moments_they_promise(digits: Digits) -> None:
    moments = {}
    for kind in ("uniform", "gaussian", "shuffled", "digits"):
        inputs = mnist.Inputs(Distillation(inputs=kind, images=1024), 3, digits)
        batch = inputs[0].float()
        assert batch.shape == (1024, 784)
        assert torch.equal(batch, inputs[0].float())
        moments[kind] = (batch.mean().item(), batch.var().item())
    for kind in ("uniform", "gaussian"):
        assert moments[kind] == pytest.approx((0, 1 / 3), abs=0.005)
    assert moments["shuffled"] == pytest.approx(moments["digits"], abs=1e-5)


def test_left_out_classes_are_not_among_the_inputs(digits: Digits) -> None:
    setting = Distillation(inputs="digits", without=(3, 7), batch=4096)
    inputs = mnist.Inputs(setting, 0, digits)
    kept = (~torch.isin(digits.train_labels, torch.tensor([3, 7]))).sum().item()
    assert sum(len(inputs[number]) for number in range(len(inputs))) == kept
    assert not set(digits.train_labels[inputs.index].tolist()) & {3, 7}


@pytest.mark.parametrize("own", PARTS)
def test_a_student_can_share_all_but_a_part_of_the_start(own: Part) -> None:
    students = [
        Student(name="s", first=0, last=13, init_noise=1, noisy=(own,)),
        Student(name="o", first=0, last=13, init_noise=1),
    ]
    start = mnist.student_initialisation(students, Teacher(), 3)
    same = mnist.initialisation(Teacher(), 3)
    pieces = {
        "hidden 1": [p[0] for p in (start[0], same[0])],
        "hidden 2": [p[0] for p in (start[2], same[2])],
        "class head": [p[0, :10] for p in (start[4], same[4])],
        "auxiliary head": [p[0, 10:] for p in (start[4], same[4])],
    }
    for part, (student, teacher) in pieces.items():
        assert torch.equal(student, teacher) == (part != own)
    assert not torch.equal(start[0][1], same[0][0])


def test_records_from_before_parts_could_differ_still_count() -> None:
    assert "noisy" not in Student(name="s", first=0, last=13, init_noise=1).model_dump()
    narrow = Student(name="s", first=0, last=13, init_noise=1, noisy=("hidden 1",))
    assert Student.model_validate(narrow.model_dump(mode="json")) == narrow


@settings(max_examples=20, deadline=None)
@given(noise=st.floats(0, 1), seed=st.integers(0, 1000))
def test_init_noise_keeps_the_weights_distribution(noise: float, seed: int) -> None:
    student = Student(name="s", first=0, last=13, init_noise=noise)
    parameters = mnist.student_initialisation([student], Teacher(), seed)
    same = mnist.initialisation(Teacher(), seed)
    assert parameters[0].std().item() * 784**0.5 == pytest.approx(1, abs=0.02)
    correlation = torch.corrcoef(torch.stack([parameters[0].flatten(), same[0].flatten()]))[0, 1]
    assert correlation.item() == pytest.approx((1 - noise**2) ** 0.5, abs=0.02)
