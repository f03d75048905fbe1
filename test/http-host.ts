/** Hosts on loopback that a server or a page asks over HTTP, each for as long as a test lasts. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export type HttpHost = {
  readonly server: Server
  readonly port: number
  /** `http://127.0.0.1:port`. */
  readonly url: string
  /** Cuts whatever is open; may be called again. */
  close(): Promise<void>
}

/** `port`: one that it had before; any free one by default. */
export const httpHost = async (
  t: TestContext,
  hears: RequestListener,
  { port = 0 }: { readonly port?: number } = {},
): Promise<HttpHost> => {
  const server = createServer(hears).listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  t.after(close)
  const { port: found } = server.address() as AddressInfo
  return { server, port: found, url: `http://127.0.0.1:${found}`, close }
}
