/** A socket whose other end is a test: packets arrive exactly as cut, and what is said back is kept with its moment. */
import { Socket } from 'node:net'

export class PlayedSocket extends Socket {
  /** Everything the server wrote. */
  said = ''
  /** True once the server closed its side. */
  hungUp = false
  readonly #heard: (text: string) => void

  constructor(heard: (text: string) => void = () => {}) {
    super({ allowHalfOpen: true })
    this.#heard = heard
    // The class has them as getters that ask a handle this socket does not have.
    Object.defineProperties(this, {
      remoteAddress: { value: '192.0.2.1' },
      remotePort: { value: 50_000 },
      localAddress: { value: '198.51.100.1' },
      localPort: { value: 25 },
    })
  }

  override _read(): void {}

  override _write(chunk: Buffer | string, _: BufferEncoding, done: (error?: Error) => void): void {
    const text = chunk.toString()
    this.said += text
    this.#heard(text)
    done()
  }

  override _writev(chunks: { chunk: Buffer | string }[], done: (error?: Error) => void): void {
    for (const { chunk } of chunks) this._write(chunk, 'utf8', () => {})
    done()
  }

  override _final(done: (error?: Error) => void): void {
    this.hungUp = true
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.hungUp = true
    done(error)
    process.nextTick(() => this.emit('close', error !== null))
  }
}
