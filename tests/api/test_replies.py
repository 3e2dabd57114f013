"""The answers of a miner, kept as they were received."""

import json
import threading

from custom_components.whatsminer.api.replies import Replies, parse_reply
from custom_components.whatsminer.api.sanitize import Json


def test_the_last_sixteen_answers_are_kept() -> None:
    replies = Replies()
    for number in range(20):
        replies.keep(str(number), {"n": number}, 10)
    replies.keep("4", {"n": 4}, 10)
    replies.keep("5", {"n": 50}, 10)
    replies.keep("20", {"n": 20}, 10)
    assert list(replies) == [*map(str, range(7, 20)), "4", "5", "20"]
    assert replies["5"] == {"n": 50}


def test_of_a_very_large_answer_only_its_coming_is_kept() -> None:
    replies = Replies()
    replies.keep("a", {"n": 1}, 64 * 1024)
    replies.keep("b", {"n": 1}, 64 * 1024 + 1)
    assert replies == {"a": {"n": 1}, "b": {"left_out": "larger than 64 KiB"}}


async def test_a_large_answer_is_parsed_in_a_thread() -> None:
    threads: list[threading.Thread] = []

    def parse(raw: bytes, command: str) -> dict[str, Json]:
        threads.append(threading.current_thread())
        parsed: dict[str, Json] = json.loads(raw)
        return parsed

    for size in (10, 20_000):
        value = await parse_reply(parse, json.dumps({"x": "y" * size}).encode(), "c")
        assert value == {"x": "y" * size}
    assert threads[0] is threading.main_thread()
    assert threads[1] is not threading.main_thread()
