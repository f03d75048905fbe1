"""A mail host on aiosmtpd: PROTOCOL (smtp or lmtp), PORT, FOLDER, LIMIT (octets), UTF8 (yes or no).

Each mail it takes becomes a file in the folder, JSON, before it says so. Local parts of recipients say what becomes of them:
`nobody` is refused at RCPT, `busy` deferred there the first time; in LMTP `full` is deferred after the content the
first time, and `closed` refused there.
"""
import asyncio
import base64
import json
import os
import sys

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

protocol, port, folder, limit, utf8 = sys.argv[1:6]


class Host:
    def __init__(self):
        self.count = 0
        self.seen = set()

    def is_first(self, address):
        known = address in self.seen
        self.seen.add(address)
        return not known

    async def handle_RCPT(self, server, session, envelope, address, options):
        local = address.split("@")[0]
        if local == "nobody":
            return "550 5.1.1 nobody of that name"
        if local.startswith("busy") and self.is_first(address):
            return "451 4.2.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    def final(self, address):
        local = address.split("@")[0]
        if local == "closed":
            return "550 5.2.1 this mailbox is closed"
        if local.startswith("full") and self.is_first(address):
            return "452 4.2.2 this mailbox is full"
        return "250 2.0.0 kept"

    async def handle_DATA(self, server, session, envelope):
        answers = {address: self.final(address) for address in envelope.rcpt_tos}
        kept = [address for address in envelope.rcpt_tos if answers[address].startswith("250") or protocol == "smtp"]
        if kept:
            self.keep(envelope, kept)
        if protocol == "smtp":
            return "250 2.0.0 kept"
        return "\r\n".join(answers[address] for address in envelope.rcpt_tos)

    def keep(self, envelope, kept):
        self.count += 1
        mail = {
            "sender": envelope.mail_from,
            "recipients": kept,
            "options": envelope.mail_options,
            "content": base64.b64encode(envelope.content).decode(),
        }
        name = os.path.join(folder, "%04d.json" % self.count)
        with open(name + ".new", "w", encoding="utf-8") as file:
            json.dump(mail, file)
        os.rename(name + ".new", name)


async def main():
    host = Host()
    kind = LMTP if protocol == "lmtp" else SMTP
    loop = asyncio.get_running_loop()

    def session():
        return kind(host, data_size_limit=int(limit), enable_SMTPUTF8=utf8 == "yes", hostname="far.example", loop=loop)

    server = await loop.create_server(session, "127.0.0.1", int(port))
    await server.serve_forever()


asyncio.run(main())
