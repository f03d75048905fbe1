/** Whether we may listen somewhere, found out before anything is changed. */
import { createServer } from 'node:net'
import { CommandFault } from './cli/fault.ts'

export type Spot = { readonly address: string; readonly port: number }

const explanations: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already; stop it, or choose another port in the configuration',
  EACCES: 'ports below 1024 need a privilege; run with it (CAP_NET_BIND_SERVICE), or choose a higher port',
  EADDRNOTAVAIL: 'this machine does not have that address; choose one it has, or 0.0.0.0',
}

const ownPorts =
  'write one line, `{ playground: true, listeners: [{ service: mx, address: 127.0.0.1, port: 3525 }, { service: http, address: 127.0.0.1, port: 9025 }] }`, into fsmtp.yaml'

export class PortInUse extends CommandFault {
  constructor({ address, port }: Spot, code: string) {
    super(`cannot listen on ${address} port ${port}: ${explanations[code] ?? code}`)
  }

  /** The same, for who has no configuration in which a port could be chosen. */
  get inPlayground(): CommandFault {
    return new CommandFault(`${this.message}; here is none yet: ${ownPorts}`)
  }
}

/** Resolves when the spot can be had. @throws PortInUse */
export const portIsFree = ({ address, port }: Spot): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(new PortInUse({ address, port }, error.code ?? error.message)),
    )
    probe.listen({ host: address, port, exclusive: true }, () => probe.close(() => resolve()))
  })
