"""Other people's programs, one JSON task for each line on standard input, one JSON answer for each line of output."""
import base64
import json
import socket
import sys

import dkim
import spf


def txt_from(records):
    def txt(name, timeout=5):
        value = records.get(name.decode().rstrip("."))
        return value.encode() if value is not None else None

    return txt


def lines(fields, message):
    return base64.b64encode(b"".join(fields) + message).decode()


def sign(task, message):
    forms = tuple(form.encode() for form in task["canonicalization"].split("/"))
    signature = dkim.sign(
        message, task["selector"].encode(), task["domain"].encode(), task["key"].encode(),
        canonicalize=forms, signature_algorithm=task["algorithm"].encode(),
    )
    return lines([signature], message)


def seal(task, message):
    fields = dkim.arc_sign(
        message, task["selector"].encode(), task["domain"].encode(), task["key"].encode(), task["name"].encode(),
    )
    return lines(fields, message)


def verify(task, message):
    try:
        return dkim.DKIM(message, minkey=1024).verify(dnsfunc=txt_from(task["records"]))
    except dkim.DKIMException:
        return False


def chain(task, message):
    return dkim.arc_verify(message, dnsfunc=txt_from(task["records"]))[0].decode()


def ask(task, _):
    def lookup(name, kind, strict=True, timeout=None, level=0):
        found = task["zone"].get(name.lower().rstrip("."))
        if isinstance(found, str):
            if found in ("ESERVFAIL", "ETIMEOUT", "EREFUSED"):
                raise spf.TempError("DNS " + found)
            return
        for value in (found or {}).get(kind, []):
            if kind == "TXT":
                yield ((name, kind), tuple(part.encode() for part in value))
            elif kind == "MX":
                yield ((name, kind), (value["priority"], value["exchange"]))
            elif kind == "AAAA":
                yield ((name, kind), socket.inet_pton(socket.AF_INET6, value))
            else:
                yield ((name, kind), value)

    spf.DNSLookup = lookup
    question = spf.query(task["address"], task["sender"], task["helo"], strict=True)
    return question.check()[0]


tasks = {"sign": sign, "seal": seal, "verify": verify, "chain": chain, "ask": ask}
for line in sys.stdin:
    given = json.loads(line)
    print(json.dumps(tasks[given["do"]](given, base64.b64decode(given.get("message", "")))), flush=True)
