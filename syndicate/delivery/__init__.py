"""From planned deliveries to the relay's answers, with a ledger that a crash can't falsify."""
