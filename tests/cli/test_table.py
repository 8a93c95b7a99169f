"""Tables as lines: full names without a limit, else the middle of long names is left out to fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from purger.cli.table import SHORTEST_NAME, Column, begun, shortened, table_lines

COLUMNS = [Column("branch", "3 rows", is_name=True), Column("caches", "12", right=True), Column("why")]
LONG = f"feature/{'x' * 100}-the-end"
ROWS = [(LONG, "1", "refused"), ("main", "11", "answered 500"), ("日本語" * 20, "2", "")]
names = st.text(alphabet=st.characters(categories=["L", "N", "P"]), max_size=150)


def lines(room: int | None) -> list[str]:
    return [line.plain for line in table_lines(COLUMNS, ROWS, room)]


def test_without_a_limit_every_name_is_in_full_on_one_line_each() -> None:
    made = lines(None)
    assert len(made) == len(ROWS) + 2
    assert [line.split()[0] for line in made] == ["branch", LONG, "main", "日本語" * 20, "3"]
    assert not any(line.endswith(" ") for line in made)


def test_in_a_terminal_the_middle_of_a_name_is_left_out_and_columns_stand_below_each_other() -> None:
    made = lines(60)
    assert max(map(cell_len, made)) == 60
    assert made[1].startswith("feature/x")
    assert made[1].split()[0].endswith("-the-end")
    assert "…" in made[1]
    assert "…" not in made[2]
    starts = {
        cell_len(line[: line.index(word)]) for line, word in zip(made[:3], ["why", "refused", "ans"], strict=False)
    }
    assert len(starts) == 1


@pytest.mark.parametrize("room", [20, 60, 80, 200])
def test_lines_fit_where_the_other_columns_leave_room(room: int) -> None:
    needed = SHORTEST_NAME + len("caches") + len("answered 500") + 4
    assert max(map(cell_len, lines(room))) <= max(room, needed)


def test_what_one_name_does_not_need_is_anothers() -> None:
    columns = [Column("a", is_name=True), Column("b", is_name=True)]
    (_, row) = (line.plain for line in table_lines(columns, [("x" * 10, "y" * 100)], 80))
    assert row.split()[0] == "x" * 10
    assert cell_len(row.split()[1]) == 80 - 2 - 10


@given(names, st.integers(1, 60))
def test_a_shortened_name_has_just_the_room_that_there_is_and_keeps_both_ends(name: str, most: int) -> None:
    made = shortened(name, most)
    if cell_len(name) <= most:
        assert made == name
        return
    head, _, tail = made.partition("…")
    assert cell_len(made) <= most
    assert name.startswith(head)
    assert name.endswith(tail)


@pytest.mark.parametrize(("most", "shown"), [(7, "日…語"), (8, "日本…語"), (9, "日本…本語")])
def test_no_blank_stands_for_half_of_a_wide_character(most: int, shown: str) -> None:
    assert shortened("日本語" * 3, most) == shown


@given(st.lists(st.tuples(names, names), min_size=1, max_size=5), st.integers(25, 200))
def test_no_line_is_longer_than_the_room(rows: list[tuple[str, str]], room: int) -> None:
    columns = [Column("branch", is_name=True), Column("cache", is_name=True)]
    assert max(cell_len(line.plain) for line in table_lines(columns, rows, room)) <= room


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("waiting: a recheck", 18, "waiting: a recheck"),
        ("waiting: a recheck", 17, "waiting: a…"),
        ("waiting: a recheck", 11, "waiting: a…"),
        ("waiting: a recheck", 10, "waiting…"),
        ("rechecking", 5, "rech…"),
        ("名前 名前", 8, "名前…"),
    ],
)
def test_a_sentence_is_cut_at_its_end_after_a_word(text: str, most: int, shown: str) -> None:
    assert begun(text, most) == shown
    assert cell_len(shown) <= most
