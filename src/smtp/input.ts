/**
 * What comes from a socket, cut into command lines and content. The library pipes the socket into it; unlike the
 * library's own parser it finds ends with `Buffer.indexOf`, holds no stream machinery, and waits while the session does.
 */
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js'
import { longestLine } from '../../machines/session/commands.ts'
import { ContentReader } from './dot.ts'

/** What a connection does with its input. */
export interface InputSink {
  /** One command line, without its line end, decoded as UTF-8. */
  line(line: string): void
  /** A line longer than any command was dropped; it has ended. */
  lineTooLong(): void
  /** A line that does not end: nothing more is read. */
  endlessLine(): void
  /** A slice of message content, dots unstuffed; valid only during the call unless kept with its buffer. */
  content(slice: Buffer): void
  /** The final dot. */
  contentEnd(reader: ContentReader): void
  /** All input that was there has been dealt with. */
  idle(): void
  /** The client will send nothing more, and all it sent has been dealt with. */
  inputEnd(): void
  /** The client will send nothing more, and nothing waits behind what is being dealt with. */
  lastInput(): void
}

const lineFeed = 0x0a
const carriageReturn = 0x0d
const nothing = Buffer.alloc(0)
/** A longer line is dropped as it comes. */
const longestKept = longestLine.authentication
const endlessLine = 1024 * 1024

/** `isClosed` is set by the library when the connection is over, or when STARTTLS retires this input. */
export class Input extends SMTPStream {
  /** Who is given what is read; to be named before anything comes. */
  sink!: InputSink
  #rest: Buffer = nothing
  #content: ContentReader | null = null
  #dropped = 0
  #holds = 0
  #running = false
  #ended = false

  /** Part of what `pipe` expects of its target: false asks it to wait for `drain`. */
  override write(chunk: Buffer): boolean {
    if (this.isClosed) return true
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    this.#run()
    return !this.held
  }

  /** Called by `pipe` when the client closed its side. */
  override end(): this {
    this.#ended = true
    if (this.isClosed) return this
    if (!this.held) this.sink.inputEnd()
    else if (!this.#rest.includes(lineFeed)) this.sink.lastInput()
    return this
  }

  get ended(): boolean {
    return this.#ended
  }
  get held(): boolean {
    return this.#holds > 0
  }
  /** True while lines are being given to the sink: what it says is gathered until `idle`. */
  get running(): boolean {
    return this.#running
  }
  get inContent(): boolean {
    return this.#content !== null
  }

  /** Nothing more is given to the sink until every `hold` had its `release`. */
  hold(): void {
    this.#holds++
  }

  release(): void {
    this.#holds--
    if (this.held) return
    this.#run()
    if (this.held || this.isClosed) return
    this.emit('drain')
    if (this.#ended) this.sink.inputEnd()
  }

  /** What follows is content, up to its final dot. */
  receiveContent(): void {
    this.#content = new ContentReader((slice) => this.sink.content(slice))
  }

  #run(): void {
    // A command answered at once calls back into us; one loop is enough.
    if (this.#running) return
    this.#running = true
    try {
      while (!this.held && !this.isClosed && this.#rest.length > 0 && this.#step());
    } finally {
      this.#running = false
    }
    if (!this.isClosed) this.sink.idle()
  }

  /** Deals with one line or one run of content; false when more input is needed. */
  #step(): boolean {
    return this.#content === null ? this.#readLine() : this.#readContent(this.#content)
  }

  #readLine(): boolean {
    const rest = this.#rest
    const end = rest.indexOf(lineFeed)
    if (end < 0) return this.#keepPartial(rest)
    this.#rest = end + 1 === rest.length ? nothing : rest.subarray(end + 1)
    const length = end > 0 && rest[end - 1] === carriageReturn ? end - 1 : end
    if (this.#dropped + length > longestKept) {
      this.#dropped = 0
      this.sink.lineTooLong()
      return true
    }
    this.sink.line(rest.toString('utf8', 0, length))
    return true
  }

  #keepPartial(rest: Buffer): boolean {
    if (this.#dropped + rest.length <= longestKept) return false
    this.#dropped += rest.length
    this.#rest = nothing
    if (this.#dropped > endlessLine) this.sink.endlessLine()
    return false
  }

  #readContent(content: ContentReader): boolean {
    const read = content.push(this.#rest)
    if (!read.done) {
      this.#rest = nothing
      return false
    }
    this.#rest = read.rest
    this.#content = null
    this.sink.contentEnd(content)
    return true
  }
}
