"""Many miners as one device."""
