/** opendkim as it signs for a mail server: its daemon on a loopback port, spoken to as Sendmail's filters are. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../../bench/process.ts'

export type Daemon = { readonly port: number; stop(): Promise<void> }
/** Signs with the key in `key` for example.org, selector rsa1; `forms`: `relaxed/simple`. `at`: a directory to work in. */
export const startOpendkim = async (
  program: string,
  { at, key, forms }: { readonly at: string; readonly key: string; readonly forms: string },
): Promise<Daemon> => {
  const port = await freePort()
  const settings = [
    ...['Mode s', 'Syslog no', 'Background no', 'Domain example.org', 'Selector rsa1', `KeyFile ${key}`],
    ...[`Canonicalization ${forms}`, `Socket inet:${port}@127.0.0.1`, 'InternalHosts 127.0.0.1'],
    ...['RequireSafeKeys no', 'SignatureAlgorithm rsa-sha256'],
  ]
  const file = join(at, `${forms.replace('/', '-')}.conf`)
  writeFileSync(file, `${settings.join('\n')}\n`)
  const child: ChildProcess = spawn(program, ['-f', '-x', file], { stdio: 'ignore' })
  return {
    port,
    stop: async () => {
      // It takes five seconds to end when it is asked to.
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

const packet = (command: string, data: string | Buffer = ''): Buffer => {
  const body = Buffer.concat([Buffer.from(command), Buffer.from(data)])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  return Buffer.concat([length, body])
}
async function* packetsOf(socket: Socket): AsyncGenerator<Buffer> {
  let held = Buffer.alloc(0)
  for await (const piece of socket) {
    held = Buffer.concat([held, piece as Buffer])
    while (held.length >= 4 && held.length >= 4 + held.readUInt32BE()) {
      const end = 4 + held.readUInt32BE()
      yield held.subarray(4, end)
      held = held.subarray(end)
    }
  }
}

const connected = async (port: number): Promise<Socket> => {
  const deadline = performance.now() + 60_000
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return socket
    } catch (error) {
      if (performance.now() > deadline) throw error
      await pause(20)
    }
  }
}

/** What a filter is told of one mail, in the order in which a server says it. */
const storyOf = (content: string): readonly Buffer[] => {
  const end = content.indexOf('\r\n\r\n')
  const fields = content.slice(0, end).split(/\r\n(?![ \t])/)
  const negotiation = Buffer.alloc(12)
  negotiation.writeUInt32BE(6, 0)
  negotiation.writeUInt32BE(0x1ff, 4)
  return [
    packet('O', negotiation),
    packet('C', 'localhost\x004\x00\x19127.0.0.1\0'),
    packet('H', 'localhost\0'),
    packet('M', '<bob@example.org>\0'),
    packet('R', '<ann@example.net>\0'),
    ...fields.map((field) => {
      const colon = field.indexOf(':')
      const value = field
        .slice(colon + 1)
        .replace(/^ /, '')
        .replaceAll('\r\n', '\n')
      return packet('L', `${field.slice(0, colon)}\0${value}\0`)
    }),
    packet('N'),
    packet('B', content.slice(end + 4)),
    packet('E'),
  ]
}

/** The mail with what the daemon adds to its header. */
export const signedByOpendkim = async ({ port }: Daemon, content: string): Promise<string> => {
  const socket = await connected(port)
  const answers = packetsOf(socket)
  const added: string[] = []
  for (const said of storyOf(content)) {
    socket.write(said)
    for (;;) {
      const { value } = await answers.next()
      if (value === undefined) throw new Error(`opendkim hung up at ${said.subarray(4, 5)}`)
      const answer: Buffer = value
      const kind = String.fromCharCode(answer[0]!)
      if (kind !== 'h' && kind !== 'i') break
      const [name, text] = answer
        .subarray(kind === 'i' ? 5 : 1)
        .toString('utf8')
        .split('\0')
      added.push(`${name}: ${text!.replace(/^ /, '').replaceAll(/\r?\n/g, '\r\n')}\r\n`)
    }
  }
  socket.destroy()
  return added.toReversed().join('') + content
}
