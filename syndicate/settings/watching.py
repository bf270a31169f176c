"""What ``syndicate.toml`` may say about those who watch the service."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from syndicate.settings.values import Section


class Metrics(Section):
    """`[metrics]`: who may read `/metrics`, and the details of `/readyz`."""

    token: SecretStr | None = Field(
        None,
        min_length=20,
        description="Whoever asks sends it as `Authorization: Bearer …`. Without it, only programs on this machine "
        "that ask the service itself, and no web server in front of it, may. Or `token_file`.",
    )


class Log(Section):
    """`[log]`: what goes to standard error, and how; never an address of anybody."""

    format: Literal["auto", "json", "pretty"] = Field(
        "auto", description="One JSON object a line, or lines for people; `auto`: the latter on a terminal."
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that `serve` says; single commands say warnings and errors."
    )
