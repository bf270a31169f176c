"""Servers' words, by what they mean; the first that is found counts. Pure data; ``reason`` looks things up in it.

What is about the sender or its server comes first, for it speaks of unknown hosts and addresses too.
"""

from __future__ import annotations

import re


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


_GAP = r"(?: \S+){0,6}? "

SAID: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "SYSTEM",
        _any(
            r"(?:can't|cannot|could ?n[o']t) (?:create|open|write|execute|chdir)",
            r"command (?:died|failed|time)",
            r"malformed or unexpected name server reply",
        ),
    ),
    (
        "SENDER",
        _any(
            r"sender(?:'s)? (?:e-?mail )?(?:address|domain)?"
            + _GAP
            + r"?(?:rejected|refused|denied|does not exist|not found)",
            r"sender (?:verif\w+|verify) (?:failed|failure)|(?:invalid|bad|unknown|unresolvable) sender|sender (?:is )?(?:unknown|denied)",
            r"domain of (?:the )?sender|sender domain|(?:envelope|mail) from (?:address|domain)|return path|mail from:? (?:rejected|refused)",
            r"could not verify (?:the )?(?:sender|mail from)|cannot resolve your|sender"
            + _GAP
            + r"?must (?:resolve|exist)",
            r"your (?:e-?mail )?(?:address|domain|envelope sender)"
            + _GAP
            + r"?(?:blocked|rejected|not accepted|denied|blacklisted|does not (?:exist|resolve))",
            r"(?:not accept|refuse)\w* (?:e-?mails?|messages?|mail) from (?:\S+@|your|this (?:sender|domain|address)|sender)",
        ),
    ),
    (
        "BLOCKED",
        _any(
            r"(?:black|block|deny|ban)[ -]?list(?!ed the recipient)|\b(?:rbl|dnsbl)\b|spamhaus|spamcop|barracudacentral|\bsorbs\b|senderbase|abuseat|proofpoint\.com",
            r"\bptr\b|\brdns\b|reverse (?:dns|ip|lookup|record|hostname|mapping|address)|does not resolve(?! to)|cannot find your|fix reverse",
            r"client host|(?:helo|ehlo)\b"
            + _GAP
            + r"?(?:command )?(?:rejected|refused|denied|invalid|unknown|not found)|(?:bad|invalid) (?:helo|ehlo)",
            r"(?:your|this|sending|client|connecting|source|remote) (?:ip|server|host|mta|network|mail server|client|isp)\b"
            + _GAP
            + r"?(?:blocked|banned|block|reputation|rejected|refused|not allowed|denied)",
            r"poor reputation|low reputation|bad reputation|reputation (?:of|score|is)|ip reputation|blocked (?:by|using|because|due|for)",
            r"(?:dynamic|dial-?up|residential) (?:ip|pool|host|address)|(?:please )?use the (?:smtp|mail) (?:server|relay) of your",
            r"not accept(?:ing)? (?:mail|connections?|messages?) from (?:\S+ )?(?:ip|host|\[?\d)|part of their network is on our block",
        ),
    ),
    (
        "FULL",
        _any(
            r"(?:over|exceed\w*|out of|above|beyond|in excess of|reached)"
            + _GAP
            + r"?quota|quota (?:is )?(?:full|exceed|violat|reached|limit)|disk ?quota|quotas? exceeded|overquota",
            r"(?:mail ?box|mail ?folder|inbox|in-box|account|spool|mail ?drop|maildir|disk|file ?system|storage|quota|box)\b"
            + _GAP
            + r"?(?:is |are )?(?:almost |too )?(?:full|overfull|over[ -]quota|over (?:its|the) limit)\b",
            r"full (?:mail ?box|mail ?folder|inbox|disk)|boxfull|over the (?:storage|mailbox) limit|quota"
            + _GAP
            + r"?(?:used up|overrun)",
            r"(?:mail ?box|inbox|account|user|recipient|maildir|folder)\b"
            + _GAP
            + r"?(?:exceed\w*|has reached|would exceed|over)"
            + _GAP
            + r"?(?:limits?|size|capacity|storage|space|maximum|allocation)",
            r"(?:insufficient|not enough|no|out of|low on|lacks?) (?:more )?(?:disk|system|storage|mailbox|free|available|local|enough)? ?(?:storage|space)\b",
            r"recipient'?s? mailbox exceeded|too much mail data|mail ?box (?:size |quota )?(?:limit )?(?:has been )?exceed|exceeded storage|storage (?:quota|limit) |delivery would exceed",
            r"переполнен|邮箱已满|邮箱空间|容量|いっぱい|満杯|postfach (?:ist )?voll|bo[iî]te (?:\S+ )?pleine|casella piena|buz[oó]n (?:\S+ )?lleno|quota (?:überschritten|superat\w|dépassé\w*)",
            r"no space left|does not have enough (?:space|storage|room)|too many messages in|exceeded (?:the|its|his|their) (?:space|storage|quota)",
        ),
    ),
    (
        "TOO_BIG",
        _any(
            r"(?:message|mail|header|attachments?|content|data|letter|body)s?\b"
            + _GAP
            + r"?(?:is |was |are )?(?:too (?:large|big|long)|larger than|bigger than|oversized?)\b",
            r"(?:message|mail|file|attachment)s?[ _-]?(?:length|size)\b"
            + _GAP
            + r"?(?:exceed|too|limit|larger)|exceed\w*"
            + _GAP
            + r"?(?:message|mail|file|fixed)? ?size|size (?:limit|exceed)|(?:maximum|max|allowed) (?:message )?size",
            r"too (?:large|big) (?:message|mail|body|for)|line (?:is )?too long",
        ),
    ),
    (
        "NO_MAIL",
        _any(
            r"null ?mx|does(?: not|n't) (?:accept|receive|want) (?:any )?(?:e-?mails?|mail|messages?)(?! from)|(?:domain|host|server|account) never sends or receives",
            r"no mail (?:is )?accepted|not accepting network messages|system (?:is )?not accepting|(?:not|never) accept(?:s|ing)? (?:any )?mail(?! from)|smtp is not available|name server: \.:|recipient domain does not accept|invalid (?:null )?mx",
            r"mail (?:delivery )?to this (?:domain|host) is not accepted|(?:server|domain) does not accept mail\b",
        ),
    ),
    (
        "MOVED",
        _any(
            r"(?:has|have|is|was) (?:been )?(?:moved|changed|replaced)(?: to| address)?\b(?! permanently blocked)|new (?:e-?mail )?address (?:is|for)|no longer (?:at|on) this|moved to|address (?:has )?changed|user (?:has )?moved|no forwarding address|forwarding address",
        ),
    ),
    (
        "NO_HOST",
        _any(
            r"(?:host|domain|domain name|host ?name|destination|server|site|mail ?server|dns name|nodename)s?\b"
            + _GAP
            + r"?(?:not found|unknown|does ?(?:not|n't) (?:appear to )?exist|doesn't exist|not exist|could ?n[o']t be found|was not found|is invalid|not resolved|(?:un)?known to us|is not a valid)",
            r"(?:unknown|no such|invalid|unrout[e]?able|non-?existent|bad|illegal|unable to (?:find|resolve)|could ?n[o']t (?:find|resolve)|cannot (?:find|resolve)|can't (?:find|resolve)|unresolv\w+) (?:\S+ ){0,2}?(?:host|domain|mail domain|destination domain|hostname|host/domain|remote host|mx)\b",
            r"name or service not known|nxdomain|no (?:mx|a|dns)(?: or \S+| and \S+)? (?:records?|information|entry|entries|data)|has no (?:mx|dns|a)\b|unrout[e]?able (?:mail )?domain|all relevant mx records point to non-existent|no mx for|mx records? (?:was |were )?not found|all of the mx|no address associated with|nodename nor servname|name server: host not found|domain name lookup|no valid (?:mx|mail) (?:hosts|exchangers)|because the domain is not reachable|cannot determine (?:the )?(?:mx|destination)",
        ),
    ),
    (
        "SUSPENDED",
        _any(
            r"(?:user|recipient|mail ?box|account|address|customer|e-?mail)\b(?:\(s\))?"
            + _GAP
            + r"?(?:is |are |was |has been |have been |been )?(?:currently |temporarily |administratively )?(?:suspend\w*|disabled|inactiv\w*|not active|deactivated|locked|frozen|expired|on hold|dormant|blocked|unavailable due|not enabled|discontinued|terminated due|closed due)",
            r"(?:inactive|disabled|suspended|deactivated|expired|locked|blocked|dormant|frozen) (?:user|recipient|mail ?box|account|address|e-?mail)|user (?:is )?(?:disabled|on vacation)|not used for|temporarily (?:disabled|suspended)|inactivity|disabled by owner|disabled mailbox|currently (?:not able to accept|suspended|locked)|hasn't logged|mailbox unavailable (?:or )?(?:access denied)|domain (?:is )?(?:suspended|disabled|expired)",
        ),
    ),
    (
        "NO_MAILBOX",
        _any(
            r"(?:user|recipient|mail ?box|account|address|addressee|customer|person|subscriber|user ?name|user ?id|local[ -]?part|alias|employee|member|destination|name|e-?mail|employé|resource)s?\b['\"”]?(?:\(s\))?(?: <?[^\s<>]+@[^\s<>]+>?:?| \S+)?,? (?:is |was |are |has |were |were \w+ |could )?(?:an |a )?(?:unknown|not known|not found|not (?:currently )?exist|(?:does|do|did)(?: not|n't) (?:appear to )?exist|not exist|(?:is )?invalid|not (?:a )?valid|not recogni[sz]ed|not listed|n[o']t be found|unrout[e]?able|been (?:deleted|removed|closed|cancell?ed)|deleted|removed|closed|no longer (?:exist|valid|active|available|in use|works|with)|not local|non-?existent|not defined|not present|undeliverable|not in (?:the |our )?(?:directory|database|system)|not registered|mismatch)",
            r"(?:unknown|no such|no|invalid|non-?existent|nonexisting|not a known|not a valid|not a registered|unrout[e]?able|unregistered|illegal|undeliverable|bad|incorrect|wrong|not our) (?:or \w+ )?(?:local |e-?mail |mail |destination |gateway |virtual |remote |internet |recipient(?:'s)? |user |to |final |valid )*(?:user|recipient|mail ?box|account|address|addressee|customer|person|subscriber|user ?name|user ?id|local[ -]?part|alias|employee|member|destination|inbox|name|local|ldap|e-?mail)s?\b",
            r"no (?:such )?(?:user|mailbox|person|account)\S* (?:here|by|with|at|on|of|in|for|named)|(?:user|account|recipient) (?:\S+ )?(?:\(\S+\) )?not (?:listed|found|known|in)|here by that name|is not (?:a|an) (?:valid|known|registered|existing)|not a (?:valid|known|registered|local|existing)|isn't a valid|unknown (?:or illegal alias|to us|in)|user-?unknown|unknownuser",
            r"(?:does|do|did)(?: not|n't) have (?:an? )?(?:\S+ )?(?:account|mailbox|user|inbox)|(?:has|have) no (?:such )?(?:mailbox|account|user)|there is no (?:\S+ )?(?:user|mailbox|account|recipient|one|such)|cannot find (?:the )?(?:user|recipient|mailbox)|can't find (?:the )?(?:user|recipient|mailbox)|unable to find (?:the )?(?:user|recipient|mailbox)|not our customer|no account|(?:addresses?|recipients?) (?:\S+ )?(?:were|was|are|is) unknown|unknown at this|wasn't found|not found (?:at|in)|(?:could ?n[o']t|cannot|can't) be found|couldn't be found",
            r"見つかりません|存在しません|宛先不明|ユーザ\S{0,4}不明|该用户不存在|用户不存在|收件人不存在|无此用户|no existe|desconocid|non esiste|inesistente|sconosciut|não existe|n'existe pas|introuvable|inconnue?\b|unbekannt\w*|existiert nicht|nicht (?:gefunden|vorhanden|verzeichnet)|bestaat niet|onbekend|не существует|не найден|nie istnieje|nieznany|не знайдено",
            r"account(?: that you tried to reach)? does(?: not|n't) exist|user does not exist|user.{0,60} doesn't exist|(?:mailbox|recipient|user|address|account).{0,80} does not exist|is not a deliverable mailbox|not (?:our|a) customer|no longer (?:employed|works|with|valid|active|in use|available|accepting|accepts)|left the (?:company|organi)|requested action not taken: mailbox (?:unavailable|not found)|recipient not (?:found|exist|here|ok)|recipnotfound|resolver\.adr\.(?:recip|ex)?notfound|user not here|invalid_recipient|unrout[e]?able address|no valid recipients? (?:for|were|here)|no one by that|not on file|name is not recogni[sz]ed|undefined (?:mail )?(?:alias|user)|dd this user|_?user_?not_?found|destination (?:mailbox )?address (?:is )?(?:invalid|unknown|not valid)|address not found|alias not found|smtp; ?553 |mailbox <?\S+>? unknown|not our user|no user record found|rcp-p1\b|mailbox not found|destinataire invalide|\b542 \S+ rejected|(?:5\.4\.1|after rcpt to.{1,200}) \[?<?\S+: recipient address rejected: access denied|recipient address rejected\.?$|does not like recipient",
        ),
    ),
    (
        "UNAUTHENTICATED",
        _any(
            r"\b(?:dmarc|dkim|spf|sender policy framework)\b|unauthenticated|not pass(?:ing)? authentication|authentication (?:checks?|requirements?)|purported responsible|sender id"
        ),
    ),
    (
        "SPAM",
        _any(
            r"spam|junk ?mail|unsolicited|\b[uz]be\b|\buce\b|bulk mail|phish|virus|malware|infected|harmful|banned (?:content|attachment|name)|abusive|complaint",
        ),
    ),
    (
        "RELAYING",
        _any(
            r"relay(?:ing)? (?:access )?(?:is )?(?:denied|not|prohibited|refused|rejected|disabled|restrict\w*)|(?:unable|not (?:allowed|permitted|authori[sz]ed|configured|able)|cannot|can't|won't|refus\w+|don't|do not)"
            + _GAP
            + r"?relay",
            r"\bno relay|open relay|rcpthosts|requires authentication|must (?:first )?(?:be )?authenticate|authentication (?:is )?required|address is not verified|not a gateway",
        ),
    ),
    (
        "TOO_MUCH",
        _any(
            r"too (?:many|much|fast|quickly|frequent)|throttl|rate (?:limit|that)|receiving mail (?:at a|too)|try again later|exceeded"
            + _GAP
            + r"?(?:rate|number|connections)|grey-?list",
        ),
    ),
    (
        "REFUSED",
        _any(
            r"(?:recipient|user|mailbox|addressee|member)\b"
            + _GAP
            + r"?(?:rejects?|refuses?|has rejected|does not want|not accepting|only accepts?|has blocked)|access denied|not authori[sz]ed|not permitted|restricted|not allowed|permission|filter",
        ),
    ),
    (
        "NETWORK",
        _any(
            r"loop|too many hops|hop count|timed? ?out|connection (?:refused|reset|lost|closed|was)|unreachable|no route|could ?n[o']t connect|unable to connect|cannot connect|delivery time expired|retry time(?:out)? (?:not reached|exceeded)|too long|host name lookup|temporary|tls|not reachable|network|server disconnected|lookup fail|4\.4\.\d|will be retried|queue too long|delayed|retr(?:y|ied)",
        ),
    ),
)
"""Name of a reason → its words."""

UNCERTAINLY: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "NO_MAILBOX",
        _any(
            r"mail ?box (?:is )?unavailable|recipient rejected|recipient address rejected|invalid recipient|address rejected"
        ),
    ),
    (
        "POLICY",
        _any(r"policy|security|administrative|prohibit|not accepted|rejected|refused|denied|blocked|violat"),
    ),
    (
        "SYSTEM",
        _any(
            r"local error|system|resources|i/o error|configuration|config|internal|service unavailable|pipe|command|procmail"
        ),
    ),
)
"""Said for other things too, so the status goes before it, where it says something."""
