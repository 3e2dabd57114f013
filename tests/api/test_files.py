"""What all protocols do with files; how they come and go is in the tests of each protocol."""

import pytest

from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MalformedReplyError,
    RefusedError,
    TransferBrokenError,
    TransferError,
    TransferInterruptedError,
    TransferTooLargeError,
    UpdateOutcomeUnknownError,
    WhatsminerError,
)
from custom_components.whatsminer.api.files import (
    MOST_LOG_BYTES,
    downloading,
    log_size,
    updating,
)
from custom_components.whatsminer.api.queue import Turn, Urgency
from custom_components.whatsminer.api.sanitize import Json

LOST, ODD = CannotConnectError("lost"), MalformedReplyError("odd")
REFUSED = RefusedError("x", 1, "no")


@pytest.mark.parametrize("reported", ["5", 5, 5.0, MOST_LOG_BYTES])
def test_a_log_has_as_many_bytes_as_the_miner_says(reported: Json) -> None:
    assert log_size(reported, "x") in (5, MOST_LOG_BYTES)


@pytest.mark.parametrize(
    ("reported", "kind"),
    [
        (None, MalformedReplyError),
        ("", MalformedReplyError),
        (-1, MalformedReplyError),
        ([], MalformedReplyError),
        ("0", TransferBrokenError),
        (MOST_LOG_BYTES + 1, TransferTooLargeError),
    ],
)
def test_a_size_that_no_log_has_is_an_error(
    reported: Json, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        log_size(reported, "x")


@pytest.mark.parametrize(
    ("error", "begun", "interrupted", "kind"),
    [
        (LOST, False, False, CannotConnectError),
        (LOST, True, False, TransferBrokenError),
        (LOST, True, True, TransferInterruptedError),
        (LOST, False, True, TransferInterruptedError),
        (ODD, True, False, MalformedReplyError),
        (REFUSED, True, False, RefusedError),
    ],
)
def test_what_ends_a_download_is_told_by_how_far_it_was(
    error: WhatsminerError, begun: bool, interrupted: bool, kind: type[Exception]
) -> None:
    turn = Turn(Urgency.WRITE)

    def fail() -> None:
        with downloading(turn, "x") as transfer:
            turn.interrupt, turn.interrupted = print, interrupted
            transfer.begun = begun
            raise error

    with pytest.raises(kind) as caught:
        fail()
    assert type(caught.value) is kind
    assert turn.interrupt is None


@pytest.mark.parametrize(
    ("error", "begun", "kind"),
    [
        (LOST, False, CannotConnectError),
        (LOST, True, UpdateOutcomeUnknownError),
        (ODD, True, UpdateOutcomeUnknownError),
        (REFUSED, True, RefusedError),
        (TransferError("x"), True, TransferError),
    ],
)
def test_what_ends_an_update_is_told_by_how_far_it_was(
    error: WhatsminerError, begun: bool, kind: type[Exception]
) -> None:
    def fail() -> None:
        with updating("x") as transfer:
            transfer.begun = begun
            raise error

    with pytest.raises(kind) as caught:
        fail()
    assert type(caught.value) is kind
