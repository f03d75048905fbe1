/** Senders of forwarded mail, there and back; what others made of them, and what nobody can have made. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePath } from '../../machines/vocabulary/address.ts'
import { type Reversed, returnPaths } from '../../src/forwarding/return-paths.ts'

const day = 24 * 60 * 60 * 1000
const at = Date.UTC(2026, 0, 15, 12)
const paths = returnPaths({ key: Buffer.alloc(32, 7), lifetime: 21 })
const others = returnPaths({ key: Buffer.alloc(32, 8), lifetime: 21 })

const localOf = (address: string): string => address.slice(0, address.lastIndexOf('@'))
const wrapped = (sender: string): string => paths.wrap(sender, 'example.org', at)
const back = (address: string, when = at): Reversed => paths.unwrap(localOf(address), when)
const to = (address: string): Reversed => ({ kind: 'address', address })

test('a sender becomes an address of ours that says who it was', () => {
  const address = wrapped('Bob@far.example')
  assert.match(address, /^SRS0=[A-Z2-7]{8}=[A-Z2-7]{2}=far\.example=Bob@example\.org$/)
  assert.deepEqual(back(address), to('Bob@far.example'))
})

test('nothing between quotes is a sender, too', () => {
  const address = wrapped('""@far.example')
  assert.match(address, /^SRS0=[A-Z2-7]{8}=[A-Z2-7]{2}=far\.example=@example\.org$/)
  assert.deepEqual(back(address), to('""@far.example'))
  assert.deepEqual(back(address.replace('=@', '=x@')), { kind: 'forged' })
  // What the next forwarder makes of it comes back through us.
  const twice = others.wrap(address, 'next.example', at)
  const first = others.unwrap(localOf(twice), at)
  assert.equal(first.kind, 'address')
  assert.deepEqual(first.kind === 'address' && back(first.address), to('""@far.example'))
})

test('hosts on the way may change its case', () => {
  const address = wrapped('bob@far.example')
  assert.deepEqual(back(address.toLowerCase()), to('bob@far.example'))
  assert.deepEqual(back(address.toUpperCase()), to('BOB@far.example'))
  assert.deepEqual(back(address.replace('SRS0=', 'srs0+')), to('bob@far.example'))
})

test('what was altered, made with another key, or is only half of one, is forged', () => {
  const address = wrapped('bob@far.example')
  const altered = [
    address.replace('=bob@', '=rob@'),
    address.replace('far.example', 'bar.example'),
    address.replace(/=(..)=far/, (_, written: string) => `=${written === 'AA' ? 'AB' : 'AA'}=far`),
    address.replace(/SRS0=(.)/, (_, first: string) => `SRS0=${first === 'A' ? 'B' : 'A'}`),
    address.replace(/SRS0=.{4}/, 'SRS0='),
    others.wrap('bob@far.example', 'example.org', at),
    'SRS0=far.example=bob@example.org',
    'SRS0=@example.org',
    'SRS1=x=far.example=@example.org',
    // A hash that is right for one kind of address is wrong for the other.
    address.replace('SRS0=', 'SRS1='),
    // Once round the count of days is no new life for those that were never written.
    address.replace(/=(..)=far/, '=10=far'),
  ]
  for (const one of altered) assert.deepEqual(back(one), { kind: 'forged' }, one)
})

test('it is good for as long as reports may be due, counted round and round', () => {
  const address = wrapped('bob@far.example')
  assert.deepEqual(back(address, at + 21 * day), to('bob@far.example'))
  assert.deepEqual(back(address, at + 22 * day), { kind: 'expired' })
  assert.deepEqual(back(address, at + 500 * day), { kind: 'expired' })
  assert.deepEqual(back(address, at - day), to('bob@far.example'), 'a clock that was set back')
  assert.deepEqual(back(address, at - 2 * day), { kind: 'expired' })
  const last = 1023 * day
  const late = paths.wrap('bob@far.example', 'example.org', last)
  assert.deepEqual(back(late, last + 5 * day), to('bob@far.example'))
})

test('what another forwarder rewrote leads back to that forwarder, and does not grow with the way', () => {
  const first = others.wrap('bob@far.example', 'first.example', at)
  const second = wrapped(first)
  assert.match(second, /^SRS1=[A-Z2-7]{8}=first\.example==/)
  assert.deepEqual(back(second), to(first))
  const third = others.wrap(second, 'third.example', at)
  const fourth = wrapped(third)
  assert.match(fourth, /^SRS1=[A-Z2-7]{8}=first\.example==/)
  assert.equal(fourth.length, second.length)
  assert.deepEqual(back(fourth), to(first))
  assert.deepEqual(back(third), { kind: 'forged' })
})

test('separators of other programs are kept for them', () => {
  for (const separator of ['+', '-']) {
    const first = `SRS0${separator}HHHH=TT=far.example=bob@first.example`
    assert.deepEqual(back(wrapped(first)), to(first))
  }
})

test('an ordinary address is no return path', () => {
  for (const local of ['bob', 'SRS0', 'srs', 'SRS2=a=b=c=d', 'xSRS0=a=b=c=d'])
    assert.deepEqual(paths.unwrap(local, at), { kind: 'none' }, local)
})

test('an address that would be too long for any path stays as it is', () => {
  const sender = `bob@${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(40)}.example`
  assert.equal(wrapped(sender), sender)
})

test('whatever the sender, the address is one, is taken by a server of ours, and leads back', () => {
  const atom = fc.stringMatching(/^[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}$/)
  const quoted = fc.stringMatching(/^[ -~]{0,20}$/).map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`)
  const domain = fc.oneof(
    fc.constantFrom('far.example', '[192.0.2.1]', '[IPv6:2001:db8::1]', 'bücher.example'),
  )
  fc.assert(
    fc.property(fc.oneof(atom, quoted), domain, (local, from) => {
      const sender = parsePath(`<${local}@${from}>`, { kind: 'reverse' })
      assert.ok(sender.ok)
      fc.pre(!/^"?SRS[01][=+-]/i.test(local))
      const address = wrapped(sender.address)
      const parsed = parsePath(`<${address}>`, { kind: 'forward' })
      assert.ok(parsed.ok, address)
      const read = back(parsed.address)
      assert.equal(read.kind, 'address', address)
      assert.deepEqual(read, to(`${parsedLocal(sender.address)}@${from.toLowerCase()}`))
    }),
  )
})

/** Quotes only where they are needed. */
const parsedLocal = (address: string): string => {
  const local = localOf(address)
  const text = local.startsWith('"') ? local.slice(1, -1).replace(/\\(.)/g, '$1') : local
  return /^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*$/.test(text)
    ? text
    : `"${text.replace(/["\\]/g, '\\$&')}"`
}
