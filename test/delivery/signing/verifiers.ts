/** Other people's verifiers: dkimpy, and opendkim. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { House } from './house.ts'

const run = promisify(execFile)

/** A directory to work in, and TXT values by name: what DNS would say. */
export type Signed = Pick<House, 'at' | 'records'>

/** `selector pass` or `selector fail` for each signature, sorted. Wants the program `dkimverify` installed. */
export const dkimpy = async (message: string | Buffer, { records }: Signed): Promise<readonly string[]> => {
  const child = run('/usr/bin/python3', [new URL('verify.py', import.meta.url).pathname])
  const given = { records: Object.fromEntries(records), message: Buffer.from(message).toString('base64') }
  child.child.stdin?.end(JSON.stringify(given))
  return (await child).stdout.trim().split('\n').sort()
}

/** What `opendkim -t`, installed at `program`, says of a message; keys come from a file instead of DNS. */
export const opendkim = async (
  message: string | Buffer,
  { program, signed: { at, records } }: { readonly program: string; readonly signed: Signed },
): Promise<string> => {
  const keys = [...records].map(([key, value]) => `${key} ${value}\n`)
  writeFileSync(join(at, 'keys'), keys.join(''))
  writeFileSync(join(at, 'hosts'), '192.0.2.99\n')
  const settings = [
    'Mode v',
    'Syslog no',
    `TestPublicKeys ${join(at, 'keys')}`,
    `InternalHosts ${join(at, 'hosts')}`,
  ]
  writeFileSync(join(at, 'opendkim.conf'), `${settings.join('\n')}\n`)
  const file = join(at, 'checked.eml')
  writeFileSync(file, message)
  const { stdout, stderr } = await run(program, ['-x', join(at, 'opendkim.conf'), '-vvv', '-t', file])
  return stdout + stderr
}

/** What opendkim says of a signature it believes. It knows no Ed25519. */
export const believed = /verification \(s=rsa1,? ?d=example\.org.*\) succeeded/
