/** Connections for a mail that must be secure all the way (RFC 8689 §4.2.1). */
import { HostFailed } from '../port.ts'
import { unsupported } from '../secure-way.ts'
import type { Dialogue } from './dialogue.ts'
import { failed } from './faults.ts'
import type { Patience } from './patience.ts'

/** What does not pass by itself; what else TLS can fail of may go better another time. */
const forGood: ReadonlySet<string> = new Set(['tls-not-offered', 'certificate-invalid'])

/** RFC 8689 §4.2.1: a host with which there is no TLS is none for this mail, now or later. */
export const requireTls = async <Value>(opening: Promise<Value>): Promise<Value> => {
  try {
    return await opening
  } catch (error) {
    if (!(error instanceof HostFailed) || !forGood.has(error.fault.kind)) throw error
    const { during, text } = error.fault
    const reply = {
      code: 550,
      enhanced: '5.7.10',
      text: 'Encryption needed',
      command: during,
      own: true,
    } as const
    throw failed({ kind: 'requiretls-without-tls', during, text, reply, temporary: false })
  }
}

/** Says goodbye to a host that cannot pass it on in the same way; gives what to throw. */
export const notOffered = async (dialogue: Dialogue, { quit: within }: Patience): Promise<HostFailed> => {
  await dialogue.ask('QUIT', { command: 'QUIT', within }).catch(() => {})
  const reply = unsupported('EHLO')
  return dialogue.fail({ kind: 'requiretls-not-offered', during: 'EHLO', reply, temporary: false })
}
