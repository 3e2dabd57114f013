"""The site of the demo: all miners as one device."""

from .client import Client
from .dialogue import expect

NAME = "All miners"


async def add(client: Client) -> str:
    """Add the site through the config flow; return the id of its entry.

    One that is known from an earlier run stays as it is.
    """
    for identifier, device in (await client.devices()).items():
        if device.get("entry_type") == "service":
            return identifier
    form = await client.start_flow("site")
    expect(form, type="form", step_id="site")
    result = await client.submit(form["flow_id"], {"name": NAME, "all_miners": True})
    expect(result, type="create_entry", title=NAME)
    return str(result["result"]["entry_id"])
