"""What comes back of our mail, read: delivery reports and complaints, by the standards and by servers' habits. Pure."""
