"""What makes loading cheap changes nothing of what the loaded does."""

import gc
import re
from collections.abc import Iterator

import pytest

from chalicelib import starting


@pytest.fixture(autouse=True)
def _the_collector_stays_as_it_was() -> Iterator[None]:
    was_enabled, was_frozen = gc.isenabled(), gc.get_freeze_count() > 0
    yield
    if was_enabled:
        gc.enable()
    else:
        gc.disable()
    assert was_frozen == (gc.get_freeze_count() > 0) or not was_frozen


def test_while_something_is_loaded_nothing_is_collected() -> None:
    gc.enable()
    with starting.loading():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_is_loaded_later_can_become_garbage_like_everything_else() -> None:
    """Only the app as it starts stays for ever: later, too much that is alive would."""
    gc.enable()
    frozen = gc.get_freeze_count()
    with starting.loading():
        loaded = [{"n": n} for n in range(1000)]
    assert gc.get_freeze_count() == frozen
    assert len(loaded) == 1000


def test_collecting_goes_on_after_a_failure_to_load() -> None:
    gc.enable()
    with pytest.raises(ModuleNotFoundError), starting.loading():
        raise ModuleNotFoundError
    assert gc.isenabled()


def test_inside_of_what_is_being_loaded_nothing_begins_to_be_collected() -> None:
    gc.disable()
    with starting.loading():
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_the_app_is_loaded_once() -> None:
    gc.disable()
    starting.done()
    assert gc.isenabled()
    frozen = gc.get_freeze_count()
    kept = [{"n": n} for n in range(1000)]
    starting.done()
    assert (gc.isenabled(), gc.get_freeze_count()) == (True, frozen)
    assert len(kept) == 1000


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
    with starting.patterns_compiled_late():
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


def test_it_is_compiled_when_it_is_first_used_and_complains_then() -> None:
    with starting.patterns_compiled_late():
        wrong = re.compile("(unclosed")
    with pytest.raises(re.error, match="missing \\)"):
        wrong.match("")


def test_it_has_nothing_that_a_pattern_has_not() -> None:
    with starting.patterns_compiled_late():
        late = re.compile("a")
    assert not hasattr(late, "no_such_method")
    # Whoever looks at each attribute of a class does not compile it by that.
    assert not hasattr(late, "__isabstractmethod__")


def test_afterwards_patterns_are_compiled_at_once_even_after_a_failure() -> None:
    usual = re.compile
    with pytest.raises(ModuleNotFoundError), starting.patterns_compiled_late():
        raise ModuleNotFoundError
    assert re.compile is usual
    assert isinstance(re.compile("a"), re.Pattern)
