/**
 * Mail for ten other hosts: `node bench/outgoing-load.ts PORT CONNECTIONS MESSAGES [ACCOUNT]`, in a process of its own. With an
 * account the client is named by XCLIENT, as a proxy in front would do it; a server that relays for its networks wants none.
 */
import { Client } from './client.ts'
import { destinations } from './destinations.ts'

const [port, connections, messages] = process.argv.slice(2, 5).map(Number) as [number, number, number]
const account = process.argv[5]
const sender = account ?? 'sender@load.example'
const body = Buffer.from(
  `From: ${sender}\r\nTo: box@d0.example\r\nSubject: outgoing\r\n\r\n${'x'.repeat(78).concat('\r\n').repeat(50)}.\r\n`,
)
let sent = 0

const sendAll = async (): Promise<void> => {
  const client = await Client.open(port)
  if (account !== undefined) {
    await client.say(`XCLIENT LOGIN=${account}`, '220')
    await client.say('EHLO load.example', '250')
  }
  while (sent < messages) {
    const destination = destinations[sent++ % destinations.length]!
    await client.say(`MAIL FROM:<${sender}>`, '250')
    await client.say(`RCPT TO:<box@${destination}>`, '250')
    await client.say('DATA', '354')
    await client.write(body)
    await client.expect('250')
  }
  client.close()
}

await Promise.all(Array.from({ length: connections }, sendAll))
