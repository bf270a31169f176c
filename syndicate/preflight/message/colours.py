"""Colours as CSS writes them, their contrast (WCAG 2.2 §1.4.3), and what dark mode makes of them. Pure."""

from __future__ import annotations

import colorsys

from PIL import ImageColor

Colour = tuple[int, int, int]
"""sRGB, each from 0 to 255."""

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)


def colour(value: str, below: Colour) -> Colour | None:
    """What ``value`` is on top of ``below``; None for one that paints nothing, or that nobody understands."""
    try:
        found = ImageColor.getrgb(value.strip().lower())
    except (ValueError, IndexError):
        return None
    if len(found) == 3:
        return _within(found)
    *solid, alpha = found
    if not alpha:
        return None
    share = min(255, alpha) / 255
    mixed = [round(one * share + under * (1 - share)) for one, under in zip(solid, below, strict=True)]
    return _within(mixed)


def contrast(one: Colour, other: Colour) -> float:
    """From 1, for the same, to 21, for black and white."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(of: Colour) -> float:
    """Relative luminance, 0 to 1."""
    red, green, blue = (_linear(one / 255) for one in of)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def turned(of: Colour) -> Colour:
    """The same hue, as light as it was dark."""
    hue, light, saturation = colorsys.rgb_to_hls(*(one / 255 for one in of))
    return _within([round(one * 255) for one in colorsys.hls_to_rgb(hue, 1 - light, saturation)])


def wholly_turned(text: Colour, ground: Colour) -> tuple[Colour, Colour]:
    """As by programs that turn every colour round: Gmail on iPhones, Outlook on Windows."""
    return turned(text), turned(ground)


def partly_turned(text: Colour, ground: Colour) -> tuple[Colour, Colour]:
    """As by programs that turn light grounds and dark text, and leave the rest: Outlook.com, Outlook on phones."""
    return (
        turned(text) if luminance(text) < 0.18 else text,
        turned(ground) if luminance(ground) > 0.18 else ground,
    )


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _within(found: list[int] | tuple[int, ...]) -> Colour:
    red, green, blue = (max(0, min(255, one)) for one in found)
    return red, green, blue
