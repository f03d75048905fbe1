/** Whatever is asked of whatever mail: the same as if every row were looked at, each once, the newest first. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { deliveries } from '../../projections/deliveries.ts'
import { messages } from '../../projections/messages.ts'
import { sessions } from '../../projections/sessions.ts'
import { folded } from '../../src/searching/folding.ts'
import { askDeliveries } from '../../src/views/answers/deliveries.ts'
import { askMessages } from '../../src/views/answers/messages.ts'
import { atTheTop } from '../../src/views/answers/pages.ts'
import { askSession, askSessions } from '../../src/views/answers/sessions.ts'
import { bookkeeping } from '../../src/views/database.ts'
import { questions } from '../../src/views/desk/questions.ts'
import { Generation } from '../../src/views/generation.ts'
import { registered, settle } from '../../src/views/register.ts'
import { Dice, type Odd, odd, oddMail, type Told } from './odd-mail.ts'

const projections = [deliveries, messages, sessions]

class Views {
  readonly db = new DatabaseSync(':memory:')
  readonly #generations: readonly Generation[]
  constructor(context: TestContext) {
    context.after(() => this.db.close())
    this.db.exec(bookkeeping)
    settle(this.db, projections)
    this.#generations = registered(this.db).map(({ name, generation: number }) => {
      const projection = projections.find((one) => one.name === name)!
      return new Generation(this.db, projection, { number, role: 'live', position: 0 })
    })
    for (const generation of this.#generations) while (!generation.isIndexed) generation.makeIndex()
  }
  take({ events }: Odd): void {
    for (const generation of this.#generations) generation.take(events)
    for (const { stopped } of this.#generations) assert.equal(stopped, null)
  }
}

/** As SQLite has it: letters of ASCII alike. So much is found in any case, and no more than with all that is alike in `folded`. */
const plain = (text: string) => text.replace(/[A-Z]+/g, (some) => some.toLowerCase())
type Fold = (text: string) => string
/** `*` for anything. */
const says = (typed: string, value: string | null, fold: Fold): boolean => {
  const parts = fold(typed).split('*')
  const pattern = parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*')
  return value !== null && new RegExp(`^${pattern}$`, 's').test(fold(value))
}
/** Each for itself; what has none stands for itself. */
const wordsOf = (typed: string): readonly string[] => {
  const words = typed.split(/\s+/).filter((word) => word !== '')
  return words.length === 0 ? [typed] : words
}
/** Addresses and names may stand in `<>`. */
const like = (typed: string, value: string | null, fold: Fold): boolean =>
  says(typed.replace(/^<(.*)>$/s, '$1'), value, fold)

type Filter = Readonly<Record<string, string | number | undefined>>
type Fits = (row: Told, name: string, asked: string, fold: Fold) => boolean
type List = {
  readonly name: 'sessions' | 'messages' | 'deliveries'
  readonly rows: (odd: Odd) => readonly Told[]
  readonly filters: Readonly<Record<string, readonly (string | null)[]>>
  readonly fits: Fits
  readonly whole: (db: DatabaseSync, filter: Filter) => Iterable<{ readonly id: string }>
}

const any = (values: unknown, test: (value: string) => boolean) => (values as readonly string[]).some(test)
const lists: readonly List[] = [
  {
    name: 'messages',
    rows: ({ messages: rows }) => rows,
    filters: {
      ...{ sender: [...odd.addresses, ''], recipient: odd.addresses, subject: odd.subjects },
      ...{ account: odd.users, tag: odd.rules },
    },
    fits: (row, name, asked, fold) => {
      if (name === 'account') return row.user !== null && plain(String(row.user)) === plain(asked)
      if (name === 'subject')
        return wordsOf(asked).every((word) => says(`*${word}*`, row.subject as string | null, folded))
      if (name === 'sender') return like(asked, String(row.sender), fold)
      return any(name === 'tag' ? row.tags : row.recipients, (value) => like(asked, value, fold))
    },
    whole: (db, filter) => askMessages(db, filter),
  },
  {
    name: 'sessions',
    rows: ({ sessions: rows }) => rows,
    filters: {
      ...{
        sender: [...odd.addresses, ''],
        recipient: odd.addresses,
        peer: [...odd.peers, ...odd.hosts],
        helo: odd.names,
      },
      ...{
        user: odd.users,
        account: odd.users,
        rule: odd.rules,
        reason: [...odd.reasons, 'bad-credentials', 'timeout'],
      },
      ...{ tag: odd.rules, outcome: ['accepted', 'refused', 'aborted', 'idle', 'open'] },
    },
    fits: (row, name, asked, fold) => {
      const has = (values: unknown) => any(values, (value) => like(asked, value, fold))
      const refusals = row.refusals as readonly { readonly reason: string; readonly rule: string }[]
      if (name === 'account') return row.user !== null && plain(String(row.user)) === plain(asked)
      if (name === 'sender') return has(row.senders)
      if (name === 'recipient') return has(row.recipients)
      if (name === 'peer') return has((row.peers as string[]).filter((one) => one !== ''))
      if (name === 'helo') return like(asked, row.helo as string | null, fold)
      if (name === 'user') return has(row.tried) || like(asked, row.user as string | null, fold)
      if (name === 'rule') return refusals.some(({ rule }) => rule !== '' && like(asked, rule, fold))
      if (name === 'tag') return has(row.tags)
      if (name === 'outcome') return row.outcome === asked
      return row.reason === asked || refusals.some(({ reason }) => reason === asked)
    },
    whole: (db, filter) => askSessions(db, filter as object),
  },
  {
    name: 'deliveries',
    rows: ({ deliveries: rows }) => rows,
    filters: {
      ...{ sender: [...odd.addresses, ''], recipient: odd.addresses, account: odd.users },
      ...{
        domain: ['x.example', 'X.example', 'köln.example', 'KÖLN.example', 'x', ''],
        status: ['queued', 'held', 'delivered', 'unfinished'],
      },
    },
    fits: (row, name, asked, fold) => {
      if (name === 'account') return row.account !== null && plain(String(row.account)) === plain(asked)
      if (name === 'status')
        return row.status === asked || (asked === 'unfinished' && row.status !== 'delivered')
      const values = { sender: row.senders, recipient: row.recipients, domain: row.domains }[name]
      return any(values, (value) => like(asked, value, fold))
    },
    whole: (db, filter) => askDeliveries(db, filter as object),
  },
]

const exact = new Set(['account', 'status', 'outcome', 'reason'])
/** A value with a star in it somewhere, or in another case. */
const typedFor = (dice: Dice, name: string, value: string): string => {
  if (exact.has(name)) return value
  const turned = dice.one([value, value, plain(value), value.replace(/[a-z]/g, (one) => one.toUpperCase())])
  if (name === 'sender' && turned === '') return '<>'
  const at = dice.upTo(turned.length)
  return (
    dice.one([turned, turned, `${turned.slice(0, at)}*`, `*${turned.slice(at)}`, '*', `*${turned}*`]) || '*'
  )
}

const filterFor = (dice: Dice, { filters }: List): Filter => {
  const names = dice.some(Object.keys(filters), 3)
  const asked = names.map((name) => [name, typedFor(dice, name, dice.one(filters[name]!) ?? '*')])
  const [since, until] = [1_000 + dice.upTo(300), 1_000 + dice.upTo(300)]
  return Object.fromEntries([
    ...asked,
    ...(dice.is(0.2) ? [['since', since]] : []),
    ...(dice.is(0.2) ? [['until', until]] : []),
  ])
}

const newestFirst = (one: Told, other: Told) => other.at - one.at || (one.id < other.id ? 1 : -1)

const chosen = (list: List, rows: readonly Told[], filter: Filter, fold: Fold) => {
  const { since = 0, until = Infinity, ...asked } = filter
  return rows
    .filter(({ at }) => at >= Number(since) && at <= Number(until))
    .filter((row) =>
      Object.entries(asked).every(([name, value]) => list.fits(row, name, String(value), fold)),
    )
    .toSorted(newestFirst)
    .map(({ id }) => id)
}

type Asked = { readonly filter: Filter; readonly limit: number; readonly reach: number }
const paged = (db: DatabaseSync, { name }: List, { filter, limit, reach }: Asked, between = () => {}) => {
  const ids: string[] = []
  for (let before = atTheTop; ; ) {
    const { items, count, end, searched } = questions[name](db, filter, { limit, before, reach })
    const found = JSON.parse(items) as readonly { readonly id: string }[]
    assert.equal(found.length, count)
    assert.ok(count <= limit)
    if (searched !== null) assert.deepEqual(end, searched)
    ids.push(...found.map(({ id }) => id))
    if (end === null) return ids
    assert.ok(end.at < before.at || (end.at === before.at && end.id < before.id), 'a page goes on')
    before = end
    between()
  }
}

/** What an outcome is, is not asked here: as the view has it. */
const shownIn = (db: DatabaseSync, list: List, mail: Odd): readonly Told[] =>
  list.rows(mail).map((row) => {
    if (list.name !== 'sessions') return row
    const { outcome, reason } = askSession(db, row.id)!
    return { ...row, outcome, reason }
  })

/** More are tried with SEEDS=100. */
const seeds = Number(process.env.SEEDS ?? 2)
for (const list of lists)
  test(`${list.name} are found as if each had been looked at`, (context) => {
    for (let seed = 1; seed <= seeds; seed++) {
      const dice = new Dice(seed)
      const views = new Views(context)
      const mail = oddMail(dice, { sessions: 60 })
      views.take(mail)
      const rows = shownIn(views.db, list, mail)
      for (let round = 0; round < 100; round++) {
        const filter = filterFor(dice, list)
        const asked = { filter, limit: 1 + dice.upTo(20), reach: 1 + dice.upTo(30) }
        const told = `seed ${seed}: ${JSON.stringify(asked)}`
        const found = paged(views.db, list, asked)
        const least = chosen(list, rows, filter, plain)
        const most = new Set(chosen(list, rows, filter, folded))
        assert.deepEqual(
          found.filter((id) => least.includes(id)),
          least,
          told,
        )
        assert.ok(
          found.every((id) => most.has(id)),
          `${told} finds what it should not`,
        )
        assert.equal(new Set(found).size, found.length, `${told} finds something twice`)
        const whole = Array.from(list.whole(views.db, filter), ({ id }) => id)
        assert.deepEqual(whole, found.toSorted(), `${told}, whole`)
      }
    }
  })

test('what comes in between two pages shifts none of them', (context) => {
  for (const list of lists) {
    const dice = new Dice(7)
    const views = new Views(context)
    const first = oddMail(dice, { sessions: 40 })
    views.take(first)
    let [from, at] = [first.events.length, 2_000]
    const flow = () => {
      const more = oddMail(dice, { sessions: 1, from, at })
      from += more.events.length
      at += 1_000
      views.take(more)
    }
    for (const filter of [{}, { sender: '*' }, { recipient: 'a@x.example' }, { account: 'ann' }]) {
      const before = paged(views.db, list, { filter, limit: 500, reach: 100_000 })
      assert.ok(before.length > 3)
      assert.deepEqual(paged(views.db, list, { filter, limit: 2, reach: 3 }, flow), before)
    }
  }
})
