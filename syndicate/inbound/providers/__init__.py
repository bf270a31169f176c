"""What mail providers tell of our mail, each in its own words → reports. Pure; webhooks bring it."""
