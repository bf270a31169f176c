"""Servers' words, by what they mean; the first that is found counts. Pure data; ``reason`` looks things up in it.

What is about the sender or its server comes first, for it speaks of unknown hosts and addresses too.
"""

from __future__ import annotations

import re


def _any(*phrases: str) -> re.Pattern[str]:
    """Any of these, whatever the case; ``…`` stands for up to six words between."""
    return re.compile("|".join(phrases).replace("…", r"(?: \S+){0,6}? "), re.IGNORECASE)


SAID: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "SYSTEM",
        _any(
            r"(?:can't|cannot|could ?n[o']t) (?:create|open|write|execute|chdir)|command (?:died|failed|time)",
            r"malformed or unexpected name server reply",
        ),
    ),
    (
        "SENDER",
        _any(
            r"sender(?:'s)? (?:e-?mail )?(?:address|domain)?…?(?:rejected|refused|denied|does not exist|not found)",
            r"sender (?:verif\w+|verify) (?:failed|failure)|(?:invalid|bad|unknown|unresolvable) sender",
            r"sender (?:is )?(?:unknown|denied)|domain of (?:the )?sender|sender domain",
            r"(?:envelope|mail) from (?:address|domain)|return path|mail from:? (?:rejected|refused)",
            r"could not verify (?:the )?(?:sender|mail from)|cannot resolve your|sender…?must (?:resolve|exist)",
            (
                r"your (?:e-?mail )?(?:address|domain|envelope sender)…?(?:blocked|rejected|not accepted|denied|"
                r"blacklisted|does not (?:exist|resolve))"
            ),
            (
                r"(?:not accept|refuse)\w* (?:e-?mails?|messages?|mail) from (?:\S+@|your|this (?:sender|domain|"
                r"address)|sender)"
            ),
        ),
    ),
    (
        "BLOCKED",
        _any(
            r"(?:black|block|deny|ban)[ -]?list(?!ed the recipient)|\b(?:rbl|dnsbl)\b|spamhaus|spamcop",
            r"barracudacentral|\bsorbs\b|senderbase|abuseat|proofpoint\.com|\bptr\b|\brdns\b",
            r"reverse (?:dns|ip|lookup|record|hostname|mapping|address)|does not resolve(?! to)|cannot find your",
            r"fix reverse|client host",
            r"(?:helo|ehlo)\b…?(?:command )?(?:rejected|refused|denied|invalid|unknown|not found)",
            r"(?:bad|invalid) (?:helo|ehlo)",
            (
                r"(?:your|this|sending|client|connecting|source|remote) (?:ip|server|host|mta|network|mail server|"
                r"client|isp)\b…?(?:blocked|banned|block|reputation|rejected|refused|not allowed|denied)"
            ),
            r"poor reputation|low reputation|bad reputation|reputation (?:of|score|is)|ip reputation",
            r"blocked (?:by|using|because|due|for)|(?:dynamic|dial-?up|residential) (?:ip|pool|host|address)",
            r"(?:please )?use the (?:smtp|mail) (?:server|relay) of your",
            r"not accept(?:ing)? (?:mail|connections?|messages?) from (?:\S+ )?(?:ip|host|\[?\d)",
            r"part of their network is on our block",
        ),
    ),
    (
        "FULL",
        _any(
            r"(?:over|exceed\w*|out of|above|beyond|in excess of|reached)…?quota",
            r"quota (?:is )?(?:full|exceed|violat|reached|limit)|disk ?quota|quotas? exceeded|overquota",
            (
                r"(?:mail ?box|mail ?folder|inbox|in-box|account|spool|mail ?drop|maildir|disk|file ?system|storage|"
                r"quota|box)\b…?(?:is |are )?(?:almost |too )?(?:full|overfull|over[ -]quota|over (?:its|the) limit)\b"
            ),
            r"full (?:mail ?box|mail ?folder|inbox|disk)|boxfull|over the (?:storage|mailbox) limit",
            r"quota…?(?:used up|overrun)",
            (
                r"(?:mail ?box|inbox|account|user|recipient|maildir|folder)\b…?(?:exceed\w*|has reached|would exceed|"
                r"over)…?(?:limits?|size|capacity|storage|space|maximum|allocation)"
            ),
            (
                r"(?:insufficient|not enough|no|out of|low on|lacks?) (?:more )?(?:disk|system|storage|mailbox|free|"
                r"available|local|enough)? ?(?:storage|space)\b"
            ),
            r"recipient'?s? mailbox exceeded|too much mail data",
            r"mail ?box (?:size |quota )?(?:limit )?(?:has been )?exceed|exceeded storage|storage (?:quota|limit) ",
            r"delivery would exceed|переполнен|邮箱已满|邮箱空间|容量|いっぱい|満杯|postfach (?:ist )?voll",
            r"bo[iî]te (?:\S+ )?pleine|casella piena|buz[oó]n (?:\S+ )?lleno",
            r"quota (?:überschritten|superat\w|dépassé\w*)|no space left",
            r"does not have enough (?:space|storage|room)|too many messages in",
            r"exceeded (?:the|its|his|their) (?:space|storage|quota)",
        ),
    ),
    (
        "TOO_BIG",
        _any(
            (
                r"(?:message|mail|header|attachments?|content|data|letter|body)s?\b…?(?:is |was |are )"
                r"?(?:too (?:large|big|long)|larger than|bigger than|oversized?)\b"
            ),
            r"(?:message|mail|file|attachment)s?[ _-]?(?:length|size)\b…?(?:exceed|too|limit|larger)",
            r"exceed\w*…?(?:message|mail|file|fixed)? ?size|size (?:limit|exceed)",
            r"(?:maximum|max|allowed) (?:message )?size|too (?:large|big) (?:message|mail|body|for)",
            r"line (?:is )?too long",
        ),
    ),
    (
        "NO_MAIL",
        _any(
            r"null ?mx|does(?: not|n't) (?:accept|receive|want) (?:any )?(?:e-?mails?|mail|messages?)(?! from)",
            r"(?:domain|host|server|account) never sends or receives|no mail (?:is )?accepted",
            r"not accepting network messages|system (?:is )?not accepting",
            r"(?:not|never) accept(?:s|ing)? (?:any )?mail(?! from)|smtp is not available|name server: \.:",
            r"recipient domain does not accept|invalid (?:null )?mx",
            r"mail (?:delivery )?to this (?:domain|host) is not accepted|(?:server|domain) does not accept mail\b",
        ),
    ),
    (
        "MOVED",
        _any(
            r"(?:has|have|is|was) (?:been )?(?:moved|changed|replaced)(?: to| address)?\b(?! permanently blocked)",
            r"new (?:e-?mail )?address (?:is|for)|no longer (?:at|on) this|moved to|address (?:has )?changed",
            r"user (?:has )?moved|no forwarding address|forwarding address",
        ),
    ),
    (
        "NO_HOST",
        _any(
            (
                r"(?:host|domain|domain name|host ?name|destination|server|site|mail ?server|dns name|nodename)s?\b…"
                r"?(?:not found|unknown|does ?(?:not|n't) (?:appear to )?exist|doesn't exist|not exist|"
                r"could ?n[o']t be found|was not found|is invalid|not resolved|(?:un)?known to us|is not a valid)"
            ),
            (
                r"(?:unknown|no such|invalid|unrout[e]?able|non-?existent|bad|illegal|unable to (?:find|resolve)|"
                r"could ?n[o']t (?:find|resolve)|cannot (?:find|resolve)|can't (?:find|resolve)|unresolv\w+) (?:\S+ )"
                r"{0,2}?(?:host|domain|mail domain|destination domain|hostname|host/domain|remote host|mx)\b"
            ),
            r"name or service not known|nxdomain",
            r"no (?:mx|a|dns)(?: or \S+| and \S+)? (?:records?|information|entry|entries|data)",
            r"has no (?:mx|dns|a)\b|unrout[e]?able (?:mail )?domain|all relevant mx records point to non-existent",
            r"no mx for|mx records? (?:was |were )?not found|all of the mx|no address associated with",
            r"nodename nor servname|name server: host not found|domain name lookup",
            r"no valid (?:mx|mail) (?:hosts|exchangers)|because the domain is not reachable",
            r"cannot determine (?:the )?(?:mx|destination)",
        ),
    ),
    (
        "SUSPENDED",
        _any(
            (
                r"(?:user|recipient|mail ?box|account|address|customer|e-?mail)\b(?:\(s\))?…?(?:is |are |was |"
                r"has been |have been |been )?(?:currently |temporarily |administratively )?(?:suspend\w*|disabled|"
                r"inactiv\w*|not active|deactivated|locked|frozen|expired|on hold|dormant|blocked|unavailable due|"
                r"not enabled|discontinued|terminated due|closed due)"
            ),
            (
                r"(?:inactive|disabled|suspended|deactivated|expired|locked|blocked|dormant|frozen) (?:user|recipient|"
                r"mail ?box|account|address|e-?mail)"
            ),
            r"user (?:is )?(?:disabled|on vacation)|not used for|temporarily (?:disabled|suspended)|inactivity",
            r"disabled by owner|disabled mailbox|currently (?:not able to accept|suspended|locked)|hasn't logged",
            r"mailbox unavailable (?:or )?(?:access denied)|domain (?:is )?(?:suspended|disabled|expired)",
        ),
    ),
    (
        "NO_MAILBOX",
        _any(
            (
                r"(?:user|recipient|mail ?box|account|address|addressee|customer|person|subscriber|user ?name|"
                r"user ?id|local[ -]?part|alias|employee|member|destination|name|e-?mail|employé|resource)"
                r"s?\b['\"”]?(?:\(s\))?(?: <?[^\s<>]+@[^\s<>]+>?:?| \S+)?,? (?:is |was |are |has |were |were \w+ |"
                r"could )?(?:an |a )?(?:unknown|not known|not found|not (?:currently )?exist|(?:does|do|did)(?: not|"
                r"n't) (?:appear to )?exist|not exist|(?:is )?invalid|not (?:a )?valid|not recogni[sz]ed|not listed|"
                r"n[o']t be found|unrout[e]?able|been (?:deleted|removed|closed|cancell?ed)|deleted|removed|closed|"
                r"no longer (?:exist|valid|active|available|in use|works|with)|not local|non-?existent|not defined|"
                r"not present|undeliverable|not in (?:the |our )?(?:directory|database|system)|not registered|"
                r"mismatch)"
            ),
            (
                r"(?:unknown|no such|no|invalid|non-?existent|nonexisting|not a known|not a valid|not a registered|"
                r"unrout[e]?able|unregistered|illegal|undeliverable|bad|incorrect|wrong|not our) (?:or \w+ )"
                r"?(?:local |e-?mail |mail |destination |gateway |virtual |remote |internet |recipient(?:'s)? |user |"
                r"to |final |valid )*(?:user|recipient|mail ?box|account|address|addressee|customer|person|subscriber|"
                r"user ?name|user ?id|local[ -]?part|alias|employee|member|destination|inbox|name|local|ldap|e-?mail)"
                r"s?\b"
            ),
            r"no (?:such )?(?:user|mailbox|person|account)\S* (?:here|by|with|at|on|of|in|for|named)",
            r"(?:user|account|recipient) (?:\S+ )?(?:\(\S+\) )?not (?:listed|found|known|in)|here by that name",
            r"is not (?:a|an) (?:valid|known|registered|existing)|not a (?:valid|known|registered|local|existing)",
            r"isn't a valid|unknown (?:or illegal alias|to us|in)|user-?unknown|unknownuser",
            r"(?:does|do|did)(?: not|n't) have (?:an? )?(?:\S+ )?(?:account|mailbox|user|inbox)",
            r"(?:has|have) no (?:such )?(?:mailbox|account|user)",
            r"there is no (?:\S+ )?(?:user|mailbox|account|recipient|one|such)",
            r"cannot find (?:the )?(?:user|recipient|mailbox)|can't find (?:the )?(?:user|recipient|mailbox)",
            r"unable to find (?:the )?(?:user|recipient|mailbox)|not our customer|no account",
            r"(?:addresses?|recipients?) (?:\S+ )?(?:were|was|are|is) unknown|unknown at this|wasn't found",
            r"not found (?:at|in)|(?:could ?n[o']t|cannot|can't) be found|couldn't be found",
            r"見つかりません|存在しません|宛先不明",
            r"ユーザ\S{0,4}不明|该用户不存在|用户不存在|收件人不存在|无此用户",
            r"no existe|desconocid|non esiste|inesistente|sconosciut",
            r"não existe|n'existe pas|introuvable|inconnue?\b|unbekannt\w*|existiert nicht",
            r"nicht (?:gefunden|vorhanden|verzeichnet)|bestaat niet|onbekend|не существует|не найден|nie istnieje",
            r"nieznany|не знайдено|account(?: that you tried to reach)? does(?: not|n't) exist|user does not exist",
            r"user.{0,60} doesn't exist|(?:mailbox|recipient|user|address|account).{0,80} does not exist",
            r"is not a deliverable mailbox|not (?:our|a) customer",
            r"no longer (?:employed|works|with|valid|active|in use|available|accepting|accepts)",
            r"left the (?:company|organi)|requested action not taken: mailbox (?:unavailable|not found)",
            r"recipient not (?:found|exist|here|ok)|recipnotfound|resolver\.adr\.(?:recip|ex)?notfound",
            r"user not here|invalid_recipient|unrout[e]?able address|no valid recipients? (?:for|were|here)",
            r"no one by that|not on file|name is not recogni[sz]ed|undefined (?:mail )?(?:alias|user)|dd this user",
            r"_?user_?not_?found|destination (?:mailbox )?address (?:is )?(?:invalid|unknown|not valid)",
            r"address not found|alias not found|smtp; ?553 |mailbox <?\S+>? unknown|not our user",
            r"no user record found|rcp-p1\b|mailbox not found|destinataire invalide|\b542 \S+ rejected",
            r"(?:5\.4\.1|after rcpt to.{1,200}) \[?<?\S+: recipient address rejected: access denied",
            r"recipient address rejected\.?$|does not like recipient",
        ),
    ),
    (
        "UNAUTHENTICATED",
        _any(
            r"\b(?:dmarc|dkim|spf|sender policy framework)\b|unauthenticated|not pass(?:ing)? authentication",
            r"authentication (?:checks?|requirements?)|purported responsible|sender id",
        ),
    ),
    (
        "SPAM",
        _any(
            r"spam|junk ?mail|unsolicited|\b[uz]be\b|\buce\b|bulk mail|phish|virus|malware|infected|harmful",
            r"banned (?:content|attachment|name)|abusive|complaint",
        ),
    ),
    (
        "RELAYING",
        _any(
            r"relay(?:ing)? (?:access )?(?:is )?(?:denied|not|prohibited|refused|rejected|disabled|restrict\w*)",
            (
                r"(?:unable|not (?:allowed|permitted|authori[sz]ed|configured|able)|cannot|can't|won't|refus\w+|don't|"
                r"do not)…?relay"
            ),
            r"\bno relay|open relay|rcpthosts|requires authentication|must (?:first )?(?:be )?authenticate",
            r"authentication (?:is )?required|address is not verified|not a gateway",
        ),
    ),
    (
        "TOO_MUCH",
        _any(
            r"too (?:many|much|fast|quickly|frequent)|throttl|rate (?:limit|that)|receiving mail (?:at a|too)",
            r"try again later|exceeded…?(?:rate|number|connections)|grey-?list",
        ),
    ),
    (
        "REFUSED",
        _any(
            (
                r"(?:recipient|user|mailbox|addressee|member)\b…?(?:rejects?|refuses?|has rejected|does not want|"
                r"not accepting|only accepts?|has blocked)"
            ),
            r"access denied|not authori[sz]ed|not permitted|restricted|not allowed|permission|filter",
        ),
    ),
    (
        "NETWORK",
        _any(
            r"loop|too many hops|hop count|timed? ?out|connection (?:refused|reset|lost|closed|was)|unreachable",
            r"no route|could ?n[o']t connect|unable to connect|cannot connect|delivery time expired",
            r"retry time(?:out)? (?:not reached|exceeded)|too long|host name lookup|temporary|tls|not reachable",
            r"network|server disconnected|lookup fail|4\.4\.\d|will be retried|queue too long|delayed",
            r"retr(?:y|ied)",
        ),
    ),
)
"""Name of a reason → its words."""

UNCERTAINLY: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "NO_MAILBOX",
        _any(
            r"mail ?box (?:is )?unavailable|recipient rejected|recipient address rejected|invalid recipient",
            r"address rejected",
        ),
    ),
    (
        "POLICY",
        _any(
            r"policy|security|administrative|prohibit|not accepted|rejected|refused|denied|blocked|violat",
        ),
    ),
    (
        "SYSTEM",
        _any(
            r"local error|system|resources|i/o error|configuration|config|internal|service unavailable|pipe",
            r"command|procmail",
        ),
    ),
)
"""Said for other things too, so the status goes before it, where it says something."""
