"""What ``syndicate.toml`` may say about mail that comes back, and about providers that tell of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr, field_validator

from syndicate.settings.values import Duration, Section

_LOGIN = "`user:password` that the address in the provider's settings carries, `https://user:password@…`."


class Bounces(Section):
    """`[bounces]`: when an address that mail comes back from is banned."""

    return_paths: bool = Field(
        True,
        description="Each mail has a return path of its own, `news+bounce-TOKEN@host`, where `[inbound]` reads mail "
        "and `subaddresses` holds.",
    )
    soft: int = Field(
        5,
        ge=1,
        le=1000,
        description="An address is banned when the days on which mail to it came back softly weigh so much together.",
    )
    within: Duration = Field(
        timedelta(days=90),
        description="Such a day weighs 1 when it comes, and less each day, until nothing after this.",
    )


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class Webhooks(Section):
    """`[webhooks]`: providers that tell of bounces and complaints at `/webhooks/…`; each is there once its key is."""

    ses_topics: Annotated[tuple[str, ...], BeforeValidator(_one_or_more)] = Field(
        (), description="Amazon SES: the ARNs of the SNS topics that may tell; messages of others are refused."
    )
    sendgrid_key: str | None = Field(
        None, min_length=1, description="SendGrid: the verification key of the signed event webhook."
    )
    mailgun_key: SecretStr | None = Field(
        None, min_length=1, description="Mailgun: the HTTP webhook signing key. Or `mailgun_key_file`."
    )
    postmark_login: SecretStr | None = Field(
        None, min_length=3, description=f"Postmark: {_LOGIN} Or `postmark_login_file`."
    )
    brevo_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Brevo: the token of the webhook's bearer authentication. Or `brevo_token_file`.",
    )

    @field_validator("ses_topics")
    @classmethod
    def _arns(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if not one.startswith("arn:aws") or one.count(":") != 5 or ":sns:" not in one:
                raise ValueError(f"{one!r} is no topic, such as arn:aws:sns:eu-central-1:123456789012:bounces")
        return value

    @field_validator("postmark_login")
    @classmethod
    def _login(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not all(value.get_secret_value().partition(":")):
            raise ValueError("user:password")
        return value
