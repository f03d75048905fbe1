"""Verifies every signature of a message with dkimpy: records and message as JSON on standard input, one line each."""
import base64
import json
import sys

import dkim

given = json.load(sys.stdin)
message = base64.b64decode(given["message"])


def txt(name, timeout=5):
    value = given["records"].get(name.decode().rstrip("."))
    return value.encode() if value is not None else None


verifier = dkim.DKIM(message, minkey=1024)
count = sum(1 for name, _ in verifier.headers if name.lower() == b"dkim-signature")
for index in range(count):
    try:
        result = dkim.DKIM(message, minkey=1024)
        good = result.verify(idx=index, dnsfunc=txt)
        print(result.selector.decode(), "pass" if good else "fail")
    except dkim.DKIMException as error:
        print("error", error)
