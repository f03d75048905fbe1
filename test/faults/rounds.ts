/** Rounds of: start, load, kill -9; and what must be true of the data afterwards, with nobody having repaired anything. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type ContentReader, openContentReader } from '../../src/content/open.ts'
import { openLogReader } from '../../src/log/open.ts'
import type { StoredEvent } from '../../src/log/port.ts'
import { type ChildServer, fsmtp, objects, root, serve, workplace } from '../server.ts'
import { type Chance, chanceOf } from './chance.ts'
import { type Database, type Engine, startDatabase } from './database.ts'
import { client, everyMailbox, Ledger } from './load.ts'

export type TortureOptions = {
  readonly rounds: number
  readonly seed: number
  /** Look at the data after every so many rounds. */
  readonly every?: number
  readonly clients?: number
  /** Where the log is; in the data directory if left out. */
  readonly log?: Engine
  /** The database misbehaves under load. */
  readonly faults?: boolean
  /** Told what happens, for whoever watches. */
  readonly progress?: (line: string) => void
}

export type Figures = {
  rounds: number
  /** Kills before the server was up, under load, while it was being stopped. */
  killed: { starting: number; working: number; stopping: number }
  acknowledged: number
  /** Begun and never answered, and how many of these are stored nevertheless. */
  inDoubt: number
  storedInDoubt: number
  largestLog: number
  slowestStart: number
  transitions: number
  /** How often the database misbehaved. */
  misbehaved: number
  seconds: number
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

export class Torture {
  readonly figures: Figures = {
    rounds: 0,
    killed: { starting: 0, working: 0, stopping: 0 },
    acknowledged: 0,
    inDoubt: 0,
    storedInDoubt: 0,
    largestLog: 0,
    slowestStart: 0,
    transitions: 0,
    misbehaved: 0,
    seconds: 0,
  }
  readonly #options: Required<TortureOptions>
  readonly #chance: Chance
  readonly #ledger = new Ledger()
  #database!: Database
  #folder!: string
  /** What earlier looks saw of the log. */
  #position = 0
  readonly #revisions = new Map<string, number>()
  readonly #accepted = new Map<string, { readonly sha256: string; readonly mailbox: string }>()

  constructor(options: TortureOptions) {
    this.#options = {
      ...{ every: 10, clients: 5, log: 'sqlite', faults: false, progress: () => {} },
      ...options,
    }
    this.#chance = chanceOf(options.seed)
  }

  async run(): Promise<Figures> {
    const { log, faults, seed } = this.#options
    this.#database = await startDatabase(log, faults ? seed : null)
    try {
      return await this.#run()
    } finally {
      await this.#database.end()
    }
  }

  async #run(): Promise<Figures> {
    const started = performance.now()
    this.#folder = workplace({
      playground: true,
      hostname: 'torture.example',
      domains: [],
      listeners: [{ service: 'mx', address: '127.0.0.1', port: 0 }],
      log: this.#database.log,
    })
    for (let round = 1; round <= this.#options.rounds; round++) {
      await this.#round()
      this.figures.rounds = round
      if (round % this.#options.every === 0 || round === this.#options.rounds) await this.#look(round)
    }
    await this.#finalLook()
    this.figures.misbehaved = this.#database.misbehaved
    this.figures.seconds = Math.round((performance.now() - started) / 1000)
    return this.figures
  }

  async #round(): Promise<void> {
    const lot = this.#chance.next()
    if (lot < 0.1) await this.#killWhileStarting()
    else await this.#killUnderLoad(lot > 0.9)
  }

  async #killWhileStarting(): Promise<void> {
    const words = [join(root, 'src/cli/main.ts'), 'serve']
    const child = spawn(process.execPath, words, { cwd: this.#folder, stdio: 'ignore' })
    const ended = once(child, 'exit')
    await pause(this.#chance.between(50, 500))
    child.kill('SIGKILL')
    await ended
    this.figures.killed.starting++
  }

  async #killUnderLoad(stopping: boolean): Promise<void> {
    const server = await this.#start()
    await this.#database.rough()
    const port = server.port('mx')
    const over = new AbortController()
    const clients = Array.from({ length: this.#options.clients }, () =>
      this.#client(port, chanceOf(this.#chance.between(0, 2 ** 32 - 1)), over.signal),
    )
    // What the database does to a server takes its time.
    await pause(this.#chance.between(5, this.#options.faults ? 4_000 : 400))
    if (stopping) {
      server.child.kill('SIGTERM')
      await pause(this.#chance.between(0, 60))
    }
    over.abort()
    await server.end('SIGKILL')
    await Promise.all(clients)
    await this.#database.calm()
    this.figures.killed[stopping ? 'stopping' : 'working']++
  }

  /** A log that fails ends sessions; then it begins another one. */
  async #client(port: number, chance: Chance, over: AbortSignal): Promise<void> {
    do {
      await client(port, { ledger: this.#ledger, chance })
      await pause(20)
    } while (this.#options.faults && !over.aborted)
  }

  async #start(): Promise<ChildServer> {
    const asked = performance.now()
    const server = await serve(this.#folder)
    this.figures.slowestStart = Math.max(this.figures.slowestStart, Math.round(performance.now() - asked))
    return server
  }

  /** At everything that is new since the last look. */
  async #look(round: number): Promise<void> {
    const place = { data: join(this.#folder, 'data'), log: this.#database.log, content: 'files' }
    const log = await openLogReader(place)
    const content = await openContentReader(place, log)
    try {
      for await (const page of log.readAll(this.#position))
        for (const event of page) {
          this.#inOrder(event)
          if (event.type === 'MessageAccepted') await this.#sound(event, content)
        }
    } finally {
      content.close()
      await log.close()
    }
    this.#keptPromises()
    await this.#viewsCaughtUp()
    this.#options.progress(
      `round ${round}: ${this.#accepted.size} messages stored, ${this.#ledger.acknowledged.length} acknowledged, log at ${this.#position}`,
    )
  }

  #inOrder({ position, stream, revision }: StoredEvent): void {
    if (this.#database.isDense) assert.equal(position, this.#position + 1, 'positions are dense')
    else assert.ok(position > this.#position, 'positions ascend')
    assert.equal(revision, (this.#revisions.get(stream) ?? -1) + 1, `revisions of ${stream} are dense`)
    this.#position = position
    this.#revisions.set(stream, revision)
  }

  /** Whole, known to a client, and there for the first time. */
  async #sound({ data }: StoredEvent, content: ContentReader): Promise<void> {
    const { message, size, sha256, recipients } = data as {
      message: string
      size: number
      sha256: string
      recipients: { destination: { mailbox: string } }[]
    }
    const sent = this.#ledger.sent.get(sha256)
    assert.ok(sent, `${message} is what no client sent`)
    assert.equal(size, sent.size)
    assert.equal(await content.verify(message, { size, sha256 }), 'intact', `${message} is whole`)
    assert.ok(!this.#accepted.has(message), `${message} was accepted twice`)
    assert.deepEqual(
      recipients.map(({ destination }) => destination.mailbox),
      [sent.mailbox],
    )
    this.#accepted.set(message, { sha256, mailbox: sent.mailbox })
  }

  /** Every acknowledged message is stored, under its id, once; no other one is stored twice. */
  #keptPromises(): void {
    const times = new Map<string, number>()
    for (const { sha256 } of this.#accepted.values()) times.set(sha256, (times.get(sha256) ?? 0) + 1)
    for (const { message, sha256 } of this.#ledger.acknowledged) {
      assert.equal(
        this.#accepted.get(message)?.sha256,
        sha256,
        `${message} was acknowledged and is not there`,
      )
      assert.equal(times.get(sha256), 1, `${message} is stored ${times.get(sha256)} times`)
    }
    for (const [sha256, count] of times) assert.equal(count, 1, `${sha256} is stored ${count} times`)
    const { acknowledged, sent } = this.#ledger
    this.figures.acknowledged = acknowledged.length
    this.figures.inDoubt = sent.size - acknowledged.length
    this.figures.storedInDoubt = this.#accepted.size - acknowledged.length
    this.figures.largestLog = this.#position
  }

  /** In a folder where no server runs. */
  async #ask(...words: string[]): Promise<Record<string, unknown>[]> {
    const answer = await fsmtp(this.#folder, [...words, '--json'])
    assert.equal(answer.code, 0, `${words.join(' ')}: ${answer.stderr}${answer.stdout}`)
    return objects(answer)
  }

  async #viewsCaughtUp(): Promise<Record<string, unknown>[]> {
    const views = await this.#ask('views')
    assert.ok(views.length > 0)
    for (const { name, state, lag } of views) assert.deepEqual([state, lag], ['live', 0], String(name))
    return views
  }

  /** The whole log proved again from the first event; the views built again from it; the mailboxes as people see them. */
  async #finalLook(): Promise<void> {
    const [summary] = (await this.#ask('verify')).slice(-1)
    const { diverged, undecodable, unknownVersion, unaccounted, messages, transitions } = summary ?? {}
    assert.deepEqual({ diverged, undecodable, unknownVersion, unaccounted }, noFaults)
    assert.equal(messages, this.#accepted.size)
    this.figures.transitions = Number(transitions)
    const live = await this.#viewsCaughtUp()
    await this.#ask('views', 'rebuild')
    const rebuilt = await this.#viewsCaughtUp()
    const sums = (views: typeof live) => views.map(({ name, rows, checksum }) => ({ name, rows, checksum }))
    assert.deepEqual(sums(rebuilt), sums(live), 'a view that was built again equals the one that lived')
    for (const mailbox of everyMailbox) await this.#mailbox(mailbox)
  }

  async #mailbox(mailbox: string): Promise<void> {
    const shown = (await this.#ask('mailbox', mailbox)).map(({ message }) => String(message)).sort()
    const stored = [...this.#accepted]
      .filter(([, one]) => one.mailbox === mailbox)
      .map(([message]) => message)
    assert.deepEqual(shown, stored.sort(), `what is in ${mailbox}`)
  }
}

const noFaults = { diverged: 0, undecodable: 0, unknownVersion: 0, unaccounted: 0 }
