/**
 * The ceiling: bare `smtp-server` that reads every mail, answers 250 and stores nothing. Its fixed greeting pause of 100 ms
 * is left out, since FSMTP has none either; nothing else of the library is touched.
 *
 * Its own process: `node bench/ceiling.ts PORT`.
 */
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js'

class PromptConnection extends SMTPConnection {
  override init(): void {
    this._setListeners(() => {
      const { maxClients } = this._server.options
      if (maxClients !== undefined && this._server.connections.size > maxClients) {
        this.send(421, `${this.name} Too many connected clients, try again in a moment`, false)
        return
      }
      this.connectionReady()
    })
  }
}

class PromptServer extends SMTPServer {
  override connect(...[socket, socketOptions]: Parameters<SMTPServer['connect']>): void {
    const connection = new PromptConnection(this, socket, socketOptions)
    this.connections.add(connection)
    // Clients that go away are no matter here.
    connection.on('error', () => {})
    connection.init()
  }
}

const options: SMTPServerOptions = {
  // Else the library asks the system for its name at every connection.
  name: 'ceiling.example',
  authOptional: true,
  hideSTARTTLS: true,
  disableReverseLookup: true,
  logger: false,
  onData(stream, _session, callback) {
    stream.on('end', () => callback(null))
    stream.resume()
  },
}

new PromptServer(options).listen(Number(process.argv[2]), '127.0.0.1')
process.once('SIGTERM', () => process.exit(0))
