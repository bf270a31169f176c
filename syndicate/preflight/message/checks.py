"""What is looked at in a mail."""

from __future__ import annotations

from syndicate.preflight.finding import Check

SIZE = Check("size", "Size", "Gmail hides what comes after 102 kB, and the link to unsubscribe with it.")
SUBJECT = Check("subject", "Subject", "It decides whether a mail is opened; phones show about 40 characters of it.")
TEXT_PART = Check(
    "text-part", "Text part", "Some readers see only the text, and filters distrust mail whose two parts differ."
)
PLACEHOLDERS = Check("placeholders", "Placeholders", "A variable that nobody filled in is sent to everyone as it is.")
WAY_OUT = Check("unsubscribe-link", "Link to unsubscribe", "Who can't leave reports the mail as spam.")
ADDRESS = Check("postal-address", "Postal address", "The law of many countries wants the sender's in every mail.")
ALT = Check("image-alt", "Words for images", "Who can't see images, or has them turned off, gets these words instead.")
LINK_SHAPES = Check(
    "link-shapes",
    "Links as they are written",
    "A link that leads nowhere, or elsewhere than it says, looks like fraud.",
)
SHORTENERS = Check(
    "link-shorteners", "Short links", "Spam hides behind shorteners, so filters judge a mail by their bad name."
)
SHAPES = Check("spam-shapes", "Shapes of spam", "Filters learned these from spam, and readers did too.")
HIDDEN = Check("hidden-text", "Hidden text", "Text that readers can't see is an old trick of spam.")
DROPPED = Check("dropped-css", "CSS that is dropped", "What Gmail or Outlook ignores looks other than it does here.")
FOREIGN = Check("foreign-elements", "Elements that are dropped", "Mail programs take out scripts, forms and frames.")
CONTRAST = Check("contrast", "Contrast", "Pale text can't be read by many: WCAG asks for 4.5 to 1, 3 to 1 where large.")
DARK = Check(
    "contrast-dark",
    "Contrast in the dark",
    "At night, mail programs exchange colours, or take the mail's own dark ones.",
)
LINKS = Check("links", "Where links lead", "A dead link can't be mended any more once the mail is out.")
IMAGE_SIZE = Check("image-size", "Size of images", "On a phone, an image of more than 200 kB comes late or never.")

MESSAGE = (
    SIZE,
    SUBJECT,
    TEXT_PART,
    PLACEHOLDERS,
    WAY_OUT,
    ADDRESS,
    ALT,
    LINK_SHAPES,
    SHORTENERS,
    SHAPES,
    HIDDEN,
    DROPPED,
    FOREIGN,
    CONTRAST,
    DARK,
    LINKS,
    IMAGE_SIZE,
)
"""All of them, in the order in which they are told."""
