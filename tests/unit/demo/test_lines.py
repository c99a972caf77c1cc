"""Events of conversations pass the demo's lines and its judge."""

from workers.demo.judge import judge
from workers.demo.lines import line_of
from workers.demo.reading import Seen


def conversation_event(offset=0, **said):
    told = {"id": "escola/c1", "provider_id": "c1", "contact": {"address": "5511988880000", "name": "Ana"}}
    state = {"state": "open", "assigned_to": {"id": "a1", "name": "Bia [x]"}, "unread": 2, "updated_at": None, **said}
    return Seen(
        attributes={
            "type": "afluente.conversation.updated",
            "id": f"e{offset}",
            "source": "/afluente/wegly/escola",
            "time": "2026-01-05T12:00:00.000Z",
        },
        data={"account": "escola", "conversation": {**told, **state}, "changed": []},
        key="escola/c1",
        topic="messages",
        partition=0,
        offset=offset,
        timestamp_ms=1_767_614_400_000,
    )


def test_a_conversation_is_one_line():
    line = line_of(conversation_event())
    assert "5511988880000" in line
    assert "open, 2 unread, of Bia" in line
    assert "of nobody" in line_of(conversation_event(assigned_to=None))


def test_the_judge_counts_messages_and_lets_conversations_pass():
    verdict = judge([], [conversation_event(0), conversation_event(1)])
    assert (verdict.clean, verdict.published, verdict.updates) == (True, 0, 0)


def test_the_judge_hears_an_event_of_a_conversation_that_came_twice():
    assert judge([], [conversation_event(0), conversation_event(0)]).twice == 1
