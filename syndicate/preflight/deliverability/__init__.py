"""How a mail will arrive: what the DNS, the relay and the service itself say to those who receive it."""
