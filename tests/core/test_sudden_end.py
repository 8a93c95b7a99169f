"""What has to be undone at a sudden end is undone once it is there, the last first, whatever fails."""

from __future__ import annotations

from purger.core.sudden_end import undo_all, undone_at_a_sudden_end


def test_what_is_there_is_undone_the_last_first() -> None:
    undone: list[str] = []

    def fail() -> None:
        undone.append("fails")
        raise OSError

    with undone_at_a_sudden_end(lambda: undone.append("over")):
        pass
    with (
        undone_at_a_sudden_end(lambda: undone.append("first")),
        undone_at_a_sudden_end(fail),
        undone_at_a_sudden_end(lambda: undone.append("last")),
    ):
        undo_all()
    undo_all()
    assert undone == ["last", "fails", "first"]
