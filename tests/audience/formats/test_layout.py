"""The first lines of real exports, and what comes of them."""

from __future__ import annotations

import pytest

from syndicate.audience.formats.format import FIELDS, STATES
from syndicate.audience.formats.layout import FORMATS, Layout, lay_out
from syndicate.errors import NotFoundError

MAILCHIMP = (
    "Email Address,First Name,Last Name,Phone Number,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,"
    "LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
UNSUBSCRIBED = MAILCHIMP.replace(
    "LAST_CHANGED", "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER"
)
CLEANED = MAILCHIMP.replace("LAST_CHANGED", "CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID")
SUBSTACK = "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at"
GHOST = (
    "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers"
)
LISTMONK = "uuid,email,name,attributes,status,created_at,updated_at"
BUTTONDOWN = "email_address,type,notes,metadata,tags,referrer_url,source,creation_date"
MAILPOET = "Email,First name,Last name,Subscription IP,Subscription time,List status,Global status,List"


def _layout(header: str, **mapping: str) -> Layout:
    found = lay_out(header.split(","), mapping)
    assert found
    return found


@pytest.mark.parametrize(
    ("header", "name", "fields", "state"),
    [
        (MAILCHIMP, "Mailchimp", {"email", "first_name", "last_name", "timezone", "tags"}, ""),
        (UNSUBSCRIBED, "Mailchimp", {"email", "first_name", "last_name", "timezone", "tags"}, "unsubscribed"),
        (CLEANED, "Mailchimp", {"email", "first_name", "last_name", "timezone", "tags"}, "bounced"),
        (SUBSTACK, "Substack", {"email", "state", "attributes.plan"}, ""),
        (GHOST, "Ghost", {"email", "name", "state", "tags"}, ""),
        (GHOST + ",gift_id", "Ghost", {"email", "name", "state", "tags"}, ""),
        (LISTMONK, "listmonk", {"email", "name", "state", "attributes"}, ""),
        (BUTTONDOWN, "Buttondown", {"email", "state", "tags", "attributes"}, ""),
        (BUTTONDOWN.replace("email_address", "email"), "Buttondown", {"email", "state", "tags", "attributes"}, ""),
        (MAILPOET, "MailPoet", {"email", "first_name", "last_name", "state", "tags"}, ""),
        ("Email,First name,Last name,List", "MailPoet", {"email", "first_name", "last_name", "tags"}, ""),
        ("email,name,newsletters,state,suppressed", "CSV", {"email", "name", "newsletters", "state", "suppressed"}, ""),
        ("Surname,E-Mail", "CSV", {"email", "last_name"}, ""),
    ],
)
def test_exports_are_told_by_their_columns(header: str, name: str, fields: set[str], state: str) -> None:
    for text in (header, header.upper()):
        layout = _layout(text)
        assert (layout.format, {*layout.places}, layout.state) == (name, fields, state)


def test_what_an_operator_says_comes_first() -> None:
    layout = _layout("Kunde,email,Anrede,state", kunde="email", Anrede="name", STATE="")
    assert layout.places == {"email": (0,), "name": (2,)}
    assert [layout.field_of(place) for place in range(4)] == ["email", "", "name", ""]
    assert _layout(UNSUBSCRIBED, NOTES="state").state == ""
    assert lay_out(["Kunde"], {}) is None
    assert lay_out(["email"], {"email": ""}) is None
    with pytest.raises(NotFoundError, match=r"no field 'mial'; there is: email, name"):
        lay_out(["Kunde"], {"Kunde": "mial"})
    with pytest.raises(NotFoundError, match=r"no field 'attributes\.1'"):
        lay_out(["Kunde"], {"Kunde": "attributes.1"})
    named = _layout("email,attributes.city,Phone,attributes.Ö", Phone="attributes.phone")
    assert named.places == {"email": (0,), "attributes.city": (1,), "attributes.phone": (2,)}


def test_several_columns_tell_one_state() -> None:
    assert _layout(MAILPOET).places["state"] == (5, 6)
    assert _layout("email,surname,last name").places["last_name"] == (1,)
    assert _layout("email,name,Email").places["email"] == (0, 2)


def test_formats_say_only_what_is_read() -> None:
    for one in FORMATS:
        assert {name.partition(".")[0] for name in one.columns.values()} <= set(FIELDS)
        assert {*one.states.values(), one.state or "active"} <= set(STATES)
        assert all(text == text.lower() for text in (*one.signs, *one.columns, *one.states))
        assert lay_out([*one.signs], {}) is not None
