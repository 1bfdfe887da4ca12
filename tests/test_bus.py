from __future__ import annotations

from fastsynth.events import Bus, Event, Note, ReplyReused, TailBegan


def test_a_listener_hears_the_kinds_it_named_and_one_that_named_none_hears_all() -> None:
    bus, heard, notes = Bus(), list[Event](), list[Event]()
    bus.listen(heard.append)
    bus.listen(notes.append, Note, TailBegan)

    events = [Note(text="a"), ReplyReused(role="writer"), TailBegan()]
    for event in events:
        bus.emit(event)

    assert heard == events
    assert notes == [events[0], events[2]]


def test_who_joins_late_hears_what_comes_then_after_those_before_it() -> None:
    bus, order = Bus(), list[str]()
    bus.listen(lambda _: order.append("first"))
    bus.emit(Note(text="a"))
    bus.listen(lambda _: order.append("second"), Note)
    bus.emit(Note(text="b"))

    assert order == ["first", "first", "second"]
