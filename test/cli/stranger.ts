/** A server that looks at strangers, with a name server of the test's own, and the commands that tell of them. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ed25519Key, rsaKey, type TestKey } from '../authentication/message/signer.ts'
import { acceptedAs, greeted, send } from '../client.ts'
import { startDns, type Zone } from '../dns/server.ts'
import { type Finished, fsmtp, type Settings, serve, workplace } from '../server.ts'

export type Keys = { readonly rsa: TestKey; readonly ed25519: TestKey }
export type Mail = {
  /** The client's, as a trusted proxy names it. */
  readonly address: string
  readonly helo: string
  readonly from: string
  readonly to?: readonly string[]
  readonly content: string
}
export type Strangers = {
  readonly folder: string
  readonly keys: Keys
  /** The last reply. */
  bring(mail: Mail): Promise<string>
  /** The message's id. */
  taken(mail: Mail): Promise<string>
  run(...words: readonly string[]): Promise<Finished>
  /** What it printed, in lines. */
  said(...words: readonly string[]): Promise<readonly string[]>
  stop(): Promise<void>
}

/**
 * `good.example` sends from 192.0.2.10 and signs; `strict.example` and `cautious.example` are known by others' misuse, as
 * `bank.example` is by `offers.example`.
 */
const zoneOf = ({ rsa, ed25519 }: Keys): Zone => ({
  '10.2.0.192.in-addr.arpa': { PTR: ['mail.good.example'] },
  'mail.good.example': { A: ['192.0.2.10'] },
  'good.example': {
    A: ['192.0.2.10'],
    MX: [[10, 'mail.good.example']],
    TXT: ['v=spf1 ip4:192.0.2.0/28 -all'],
  },
  's1._domainkey.good.example': { TXT: [`v=DKIM1; k=rsa; p=${rsa.p}`] },
  's2._domainkey.good.example': { TXT: [`v=DKIM1; k=ed25519; p=${ed25519.p}`] },
  '_dmarc.good.example': { TXT: ['v=DMARC1; p=reject'] },
  '66.2.0.192.in-addr.arpa': { PTR: ['pool-66.example'] },
  'pool-66.example': { A: ['192.0.2.99'] },
  'friend.example': { A: ['192.0.2.77'], TXT: ['v=spf1 a -all'] },
  'strict.example': { A: ['192.0.2.99'], TXT: ['v=spf1 -all'] },
  '_dmarc.strict.example': { TXT: ['v=DMARC1; p=reject'] },
  'cautious.example': { A: ['192.0.2.99'], TXT: ['v=spf1 ?all'] },
  '_dmarc.cautious.example': { TXT: ['v=DMARC1; p=quarantine; sp=reject'] },
  '20.2.0.192.in-addr.arpa': { PTR: ['mail.offers.example'] },
  'mail.offers.example': { A: ['192.0.2.20'] },
  'offers.example': { A: ['192.0.2.20'], TXT: ['v=spf1 a -all'] },
  'bank.example': { A: ['192.0.2.99'], TXT: ['v=spf1 mx -all'] },
  '_dmarc.bank.example': { TXT: ['v=DMARC1; p=reject'] },
  '2.0.0.127.zen.spamhaus.org': { A: ['127.0.0.2'] },
  '2.0.0.127.bl.example': { A: ['127.0.0.2'] },
  '77.2.0.192.bl.example': { A: ['127.0.0.4'] },
  '67.2.0.192.bl.example': { A: ['127.255.255.254'] },
  'test.dom.example': { A: ['127.0.0.2'] },
  'cautious.example.dom.example': { A: ['127.0.0.3'] },
})

export const strangers = async (
  t: Pick<TestContext, 'after'>,
  settings: Settings = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Strangers> => {
  const keys = { rsa: rsaKey(2048), ed25519: ed25519Key() }
  const dns = await startDns(zoneOf(keys))
  const folder = workplace({
    ...{ proxy: { trusted: ['127.0.0.1/32'], protocols: ['xclient'] }, data: './data' },
    listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
    domains: [{ name: 'example.org' }],
    dns: { servers: [dns.address], timeout: '2s' },
    ...settings,
  })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const run = (...words: readonly string[]): Promise<Finished> => fsmtp(folder, words)
  const added = await fsmtp(folder, ['user', 'add', 'ann@example.org'], { input: 'a long password\n' })
  assert.equal(added.code, 0, added.stderr)
  const server = await serve(folder)
  t.after(async () => {
    server.child.kill('SIGKILL')
    await dns.close()
  })
  const bring = async ({ address, helo, from, to = ['ann@example.org'], content }: Mail): Promise<string> => {
    const line = await greeted(server.port('mx'))
    assert.match(await line.say(`XCLIENT ADDR=${address}`), /^220/)
    await line.say(`EHLO ${helo}`)
    const reply = await send(line, content, { from, to })
    line.hangUp()
    return reply
  }
  return {
    ...{ folder, keys, bring, run },
    taken: async (mail) => {
      const reply = await bring(mail)
      return acceptedAs(reply) ?? assert.fail(reply)
    },
    said: async (...words) => {
      const { code, stdout, stderr } = await run(...words)
      assert.equal(code, 0, stderr)
      return Buffer.from(stdout, 'latin1').toString().trimEnd().split('\n')
    },
    stop: async () => {
      assert.equal(await server.end(), 0)
    },
  }
}
