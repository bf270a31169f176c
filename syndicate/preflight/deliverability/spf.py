"""SPF: whether a domain lets an address send in its name, as receivers find it out (RFC 7208).

The only thing that it does is to ask ``look``; whatever stands in a record, it ends after ten questions.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from syndicate.reach.names import Kind, Look

MOST_LOOKUPS, _MOST_VOID, _MOST_HOSTS = 10, 2, 10
"""RFC 7208 §4.6.4."""

_LONGEST = 4_000
_MOST_TERMS = 200
_TERM = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9_.-]*)(?:([:=/])(.*))?", re.DOTALL)
_MACRO = re.compile(r"%\{([slodiphcrtv])([0-9]{0,3})(r?)([.+,/_=-]*)\}|%%|%_|%-|%", re.IGNORECASE)
_LENGTHS = re.compile(r"(?:/([0-9]{1,3}))?(?://([0-9]{1,3}))?\Z")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Result(StrEnum):
    """RFC 7208 §2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - a result
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


_QUALIFIED = {"+": Result.PASS, "-": Result.FAIL, "~": Result.SOFTFAIL, "?": Result.NEUTRAL}
_MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})


@dataclass(frozen=True, slots=True)
class Term:
    """A mechanism with its result, or a modifier. ``value`` is what follows the colon or ``=``, or from the slash."""

    name: str
    value: str
    result: Result = Result.PASS
    is_modifier: bool = False


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The result, how it came about, and what it cost. ``lookups`` counts what may be ten at most."""

    result: Result
    reason: str
    lookups: int = 0


class _Stop(Exception):  # noqa: N818 - it carries a result
    def __init__(self, result: Result, reason: str) -> None:
        self.result, self.reason = result, reason


def records(texts: Sequence[str]) -> list[str]:
    """Those of the texts that are SPF (§4.5)."""
    return [one for one in texts if re.match(r"v=spf1(?: |\Z)", one, re.IGNORECASE)]


def terms(record: str) -> list[Term] | str:
    """A record taken apart; or what is wrong with it (§4.6)."""
    found = []
    for word in record[:_LONGEST].split()[1:][:_MOST_TERMS]:
        match = _TERM.fullmatch(word)
        if not match:
            return f"{word[:60]!r} is no term"
        sign, name, mark, value = match[1], match[2].lower(), match[3] or "", match[4] or ""
        if mark == "=" and not sign:
            found.append(Term(name, value, is_modifier=True))
            continue
        if name not in _MECHANISMS or mark == "=":
            return f"{word[:60]!r} is no mechanism"
        if name in ("include", "exists", "ip4", "ip6") and not (mark == ":" and value):
            return f"{name} needs a value"
        if name == "all" and mark:
            return "all takes no value"
        found.append(Term(name, f"/{value}" if mark == "/" else value, _QUALIFIED[sign or "+"]))
    for name in ("redirect", "exp"):
        if sum(one.name == name and one.is_modifier for one in found) > 1:
            return f"{name}= stands there twice"
    return found


async def evaluate(domain: str, address: str, sender: str, look: Look) -> Evaluated:
    """What receivers come to for mail of ``sender``, at ``domain``, that comes from an IP address."""
    asking = _Asking(ipaddress.ip_address(address), sender, look)
    try:
        result, reason = await asking.check(domain, 0)
    except _Stop as stop:
        result, reason = stop.result, stop.reason
    return Evaluated(result, reason, asking.lookups)


async def cost(domain: str, look: Look) -> Evaluated:
    """How many questions it takes to read all of a record: of an address that nobody has, every mechanism is asked."""
    return await evaluate(domain, "192.0.2.255", f"nobody@{domain}", look)


class _Asking:
    def __init__(self, address: Address, sender: str, look: Look) -> None:
        self._address, self._sender, self._look = address, sender, look
        self.lookups = self._void = 0

    async def check(self, domain: str, depth: int) -> tuple[Result, str]:
        """``check_host()`` of §4."""
        texts = await self._look(domain, "TXT")
        if texts is None:
            raise _Stop(Result.TEMPERROR, f"no name server answered for {domain}")
        found = records(texts)
        if len(found) != 1:
            if found:
                raise _Stop(Result.PERMERROR, f"{domain} has {len(found)} records")
            return Result.NONE, f"{domain} has none"
        parsed = terms(found[0])
        if isinstance(parsed, str):
            raise _Stop(Result.PERMERROR, f"{domain}: {parsed}")
        for term in parsed:
            if not term.is_modifier and await self._matches(term, domain, depth):
                return term.result, f"{term.name}{':' + term.value if term.value else ''} of {domain}"
        redirect = next((one.value for one in parsed if one.is_modifier and one.name == "redirect"), "")
        if not redirect or any(one.name == "all" for one in parsed if not one.is_modifier):
            return Result.NEUTRAL, f"nothing in the record of {domain} says so"
        self._count("redirect")
        target = self._expanded(redirect, domain)
        result, reason = await self.check(target, depth + 1)
        if result is Result.NONE:
            raise _Stop(Result.PERMERROR, f"redirect={target}, which has no record")
        return result, reason

    async def _matches(self, term: Term, domain: str, depth: int) -> bool:
        match term.name:
            case "all":
                return True
            case "ip4" | "ip6":
                return self._in_network(term.value)
            case "include":
                self._count(f"include:{term.value}")
                target = self._expanded(term.value, domain)
                result, _ = await self.check(target, depth + 1)
                if result is Result.NONE:
                    raise _Stop(Result.PERMERROR, f"include:{target}, which has no record")
                return result is Result.PASS
            case "exists":
                self._count(term.name)
                return bool(await self._ask(self._expanded(term.value, domain), "A"))
            case "ptr":
                self._count(term.name)
                return await self._is_named(self._expanded(term.value, domain) or domain)
        self._count(term.name)
        return await self._is_at(term, domain)

    async def _is_at(self, term: Term, domain: str) -> bool:
        """``a`` and ``mx`` (§5.3, §5.4)."""
        lengths = _LENGTHS.search(term.value)
        name = term.value[: lengths.start()] if lengths else term.value
        target = self._expanded(name, domain) or domain
        four, six = (lengths[1], lengths[2]) if lengths else (None, None)
        hosts = [target]
        if term.name == "mx":
            hosts = [one.partition(" ")[2] for one in await self._ask(target, "MX")]
            if len(hosts) > _MOST_HOSTS:
                raise _Stop(Result.PERMERROR, f"mx:{target} names more than {_MOST_HOSTS} hosts")
        kind: Kind = "A" if self._address.version == 4 else "AAAA"
        length = four if kind == "A" else six
        for host in hosts:
            for found in await self._ask(host, kind, counts_void=term.name == "a"):
                if self._in_network(f"{found}/{length}" if length else found):
                    return True
        return False

    async def _is_named(self, target: str) -> bool:
        """``ptr`` (§5.5)."""
        kind: Kind = "A" if self._address.version == 4 else "AAAA"
        for name in (await self._look(str(self._address), "PTR") or ())[:_MOST_HOSTS]:
            host = name.lower().rstrip(".")
            is_below = host == target.lower() or host.endswith(f".{target.lower()}")
            if is_below and str(self._address) in (await self._look(host, kind) or ()):
                return True
        return False

    async def _ask(self, name: str, kind: Kind, *, counts_void: bool = True) -> tuple[str, ...]:
        found = await self._look(name, kind) if name else ()
        if found is None:
            raise _Stop(Result.TEMPERROR, f"no name server answered for {name}")
        if not found and counts_void:
            self._void += 1
            if self._void > _MOST_VOID:
                raise _Stop(Result.PERMERROR, f"more than {_MOST_VOID} of its names lead nowhere; {name} is one")
        return found

    def _count(self, what: str) -> None:
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            raise _Stop(Result.PERMERROR, f"it takes more than {MOST_LOOKUPS} look-ups; {what} is the first too many")

    def _in_network(self, text: str) -> bool:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise _Stop(Result.PERMERROR, f"{text[:60]!r} is no network") from None
        return self._address.version == network.version and self._address in network

    def _expanded(self, text: str, domain: str) -> str:
        """``text`` with its macros (§7); ``p`` is unknown, as it should not be used."""
        local, _, of = self._sender.rpartition("@")
        values = {"s": self._sender, "l": local, "o": of, "d": domain, "i": _dotted(self._address), "p": "unknown"}
        values |= {"v": "in-addr" if self._address.version == 4 else "ip6", "h": of}

        def one(match: re.Match[str]) -> str:
            if match[0] in ("%%", "%_", "%-"):
                return {"%%": "%", "%_": " ", "%-": "%20"}[match[0]]
            value = values.get((match[1] or "").lower())
            if value is None:
                raise _Stop(Result.PERMERROR, f"{match[0]!r} is no macro that may stand there")
            parts = re.split(f"[{re.escape(match[4] or '.')}]", value)
            if match[3]:
                parts.reverse()
            return ".".join(parts[-int(match[2]) :] if match[2] and int(match[2]) else parts)

        return _MACRO.sub(one, text)[:253].rstrip(".")


def _dotted(address: Address) -> str:
    if address.version == 4:
        return str(address)
    return ".".join(address.exploded.replace(":", ""))
