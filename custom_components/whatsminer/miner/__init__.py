"""What is known of one miner between polls: settings, credentials, write access, memory."""
