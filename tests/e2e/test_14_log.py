"""Home Assistant stops, and its log is complete."""

from demo_instance.log import complaints, records_of
from running_demo import RunningDemo, Show


async def test_the_log_has_no_complaint_about_the_integration(
    demo: RunningDemo, show: Show
) -> None:
    await demo.stop()
    records = records_of(demo.log.read_text(errors="replace"))
    assert any("Home Assistant initialized in" in record for record in records)
    assert complaints(records, demo.provoked) == []
    show(f"{len(records)} records")
