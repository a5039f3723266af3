"""Cold-start measures change nothing of what the loaded code does."""

import collections
import dataclasses
import gc
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.session import Session

from chalicelib.core.coldstart import amazon_roots, generated_code
from chalicelib.core.coldstart.collector import app_loaded, loading, part
from chalicelib.core.coldstart.late_patterns import patterns_compiled_late


@pytest.fixture(autouse=True)
def _the_collector_stays_as_it_was() -> Iterator[None]:
    was_enabled, was_frozen = gc.isenabled(), gc.get_freeze_count() > 0
    yield
    if was_enabled:
        gc.enable()
    else:
        gc.disable()
    assert was_frozen == (gc.get_freeze_count() > 0) or not was_frozen


def test_while_code_is_loaded_nothing_is_collected() -> None:
    gc.enable()
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_is_loaded_later_can_become_garbage_like_everything_else() -> None:
    """Only the objects of the start are frozen: freezing later would keep too many."""
    gc.enable()
    frozen = gc.get_freeze_count()
    with loading():
        loaded = [{"n": n} for n in range(1000)]
    assert gc.get_freeze_count() == frozen
    assert len(loaded) == 1000


def test_collecting_goes_on_after_a_failure_to_load() -> None:
    gc.enable()
    with pytest.raises(ModuleNotFoundError), loading():
        raise ModuleNotFoundError
    assert gc.isenabled()


def test_inside_of_what_is_being_loaded_nothing_begins_to_be_collected() -> None:
    gc.disable()
    with loading():
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_the_app_is_loaded_once() -> None:
    gc.disable()
    app_loaded()
    assert gc.isenabled()
    frozen = gc.get_freeze_count()
    kept = [{"n": n} for n in range(1000)]
    app_loaded()
    # Another thread may have let go of what was frozen: fewer, but none of those above.
    assert gc.isenabled()
    assert gc.get_freeze_count() <= frozen
    assert len(kept) == 1000


def test_a_part_is_made_once_without_collecting() -> None:
    class Parts:
        @part
        def collects(self) -> list[bool]:
            return [gc.isenabled()]

    gc.enable()
    parts = Parts()
    assert parts.collects == [False]
    assert parts.collects is parts.collects
    assert gc.isenabled()


# --- generated code

SOURCE = "def made(a, b=2):\n    return a + b\n"


@pytest.fixture
def _generators_stay_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    from attr import _make

    for module, name in ((dataclasses, "exec"), (collections, "eval")):
        monkeypatch.delitem(vars(module), name, raising=False)
    for name in ("compile", "hash"):
        monkeypatch.delitem(vars(_make), name, raising=False)
    monkeypatch.setattr(generated_code, "_served", None)


def test_compiled_code_does_what_its_source_does() -> None:
    content = generated_code.written(frozenset({(SOURCE, "<string>", "exec")}))
    code = generated_code.GeneratedCode(generated_code.read(content))
    names: dict[str, int] = {}
    exec(code.compiled(SOURCE, "<string>", "exec"), names)  # noqa: S102
    assert eval("made(1)", names) == 3  # noqa: S307
    assert code.unknown == []


def test_a_source_that_the_package_has_not_is_compiled_and_noted() -> None:
    code = generated_code.GeneratedCode({})
    assert eval(code.compiled("1 + 1", "<string>", "eval")) == 2  # noqa: S307
    assert code.unknown == [("1 + 1", "<string>", "eval")]


def test_code_of_another_python_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    content = generated_code.written(frozenset({(SOURCE, "<string>", "exec")}))
    monkeypatch.setattr("importlib.util.MAGIC_NUMBER", b"another")
    assert generated_code.read(content) == {}


@pytest.mark.usefixtures("_generators_stay_as_they_were")
def test_classes_made_from_compiled_code_are_as_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def classes() -> tuple[type, type]:
        point = dataclasses.make_dataclass("Point", ["x"], frozen=True, order=True)
        return point, collections.namedtuple("Pair", "a b")

    generated_code.record()
    generated_code.use_for_attrs()
    classes()
    made = generated_code.written(frozenset(generated_code.unknown()))
    (tmp_path / "code.bin").write_bytes(made)
    monkeypatch.setattr(generated_code, "_PLACE", str(tmp_path / "code.bin"))
    generated_code.use()
    generated_code.use_for_attrs()
    point, pair = classes()
    assert generated_code.unknown() == ()
    assert repr(point(1)) == "Point(x=1)"
    assert point(1) < point(2)
    assert (point(1), hash(point(1))) == (point(1), hash(point(1)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        point(1).x = 2
    assert pair(1, b=2) == (1, 2)
    assert repr(pair(1, 2)) == "Pair(a=1, b=2)"


@pytest.mark.usefixtures("_generators_stay_as_they_were")
def test_outside_of_a_package_nothing_is_served() -> None:
    generated_code.use()
    generated_code.use_for_attrs()
    assert "exec" not in vars(dataclasses)
    assert generated_code.unknown() == ()


# --- authorities


def test_amazons_authorities_are_read_where_the_package_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session()
    before = session.get_config_variable("ca_bundle")
    amazon_roots.trust_amazon_alone(session)
    assert session.get_config_variable("ca_bundle") == before
    (tmp_path / "roots.pem").touch()
    monkeypatch.setattr(amazon_roots, "_FILE", str(tmp_path / "roots.pem"))
    amazon_roots.trust_amazon_alone(session)
    assert session.get_config_variable("ca_bundle") == str(tmp_path / "roots.pem")


# --- patterns

PATTERNS = [
    (r"(?P<name>[a-z]+)@(?P<host>[a-z.]+)", 0),
    (r"(?P<name>[a-z]+)@(?P<host>[a-z.]+)", re.IGNORECASE),
    (r"^(?P<name>x) # a comment\n@(?P<host>y)$", re.VERBOSE | re.MULTILINE),
]
TEXTS = ["jo@example.com", "JO@EXAMPLE.COM", "x@y", "", "see jo@example.com, jo@example.org"]


@pytest.mark.parametrize(("pattern", "flags"), PATTERNS)
def test_a_pattern_compiled_late_does_what_one_does_that_was_compiled_at_once(
    pattern: str, flags: int
) -> None:
    with patterns_compiled_late():
        late = re.compile(pattern, flags)
    at_once = re.compile(pattern, flags)
    for text in TEXTS:
        for method in ("match", "search", "fullmatch"):
            found, wanted = getattr(late, method)(text), getattr(at_once, method)(text)
            assert (found and found.groupdict()) == (wanted and wanted.groupdict())
            assert (found and found.span()) == (wanted and wanted.span())
        assert late.findall(text) == at_once.findall(text)
        assert late.sub("•", text) == at_once.sub("•", text)
    assert (late.pattern, late.flags, late.groups) == (
        at_once.pattern,
        at_once.flags,
        at_once.groups,
    )


def test_it_is_compiled_when_it_is_first_used_and_raises_then() -> None:
    with patterns_compiled_late():
        wrong = re.compile("(unclosed")
    with pytest.raises(re.error, match="missing \\)"):
        wrong.match("")


def test_it_has_nothing_that_a_pattern_has_not() -> None:
    with patterns_compiled_late():
        late = re.compile("a")
    assert not hasattr(late, "no_such_method")
    # Reading each attribute of a class does not compile it.
    assert not hasattr(late, "__isabstractmethod__")


def test_afterwards_patterns_are_compiled_at_once_even_after_a_failure() -> None:
    usual = re.compile
    with pytest.raises(ModuleNotFoundError), patterns_compiled_late():
        raise ModuleNotFoundError
    assert re.compile is usual
    assert isinstance(re.compile("a"), re.Pattern)
