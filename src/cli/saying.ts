/** Messages that say some words, found by reading them: on a thread, so that no mail hangs the command. */
import { InvalidArgumentError } from 'commander'
import { type Mail, mostWords, openSearch, type Search, type Seen, wordsIn } from '../searching/index.ts'
import type { Reading } from './open.ts'
import { counted, progress, remark } from './terminal.ts'

export const sayingForms =
  'words each of which stands in its text, in the name of an attachment, in its subject or From; reads the mail'

/** @throws InvalidArgumentError */
export const textSought = (typed: string): string => {
  const { length } = wordsIn(typed)
  if (length === 0) throw new InvalidArgumentError('give a word')
  if (length > mostWords) throw new InvalidArgumentError(`give at most ${mostWords} words`)
  return typed
}

/** Messages of one look: the bar moves between two. */
const atOnce = 200

type Asked<One extends Mail> = {
  /** The oldest first. */
  readonly messages: readonly One[]
  readonly text: string
  /** The newest so many. */
  readonly limit?: number | undefined
}

const because: Partial<Record<Seen, string>> = {
  gone: 'their content is not there any more',
  cut: 'the words do not stand in as much of them as is read',
  unread: 'they take too much to be taken apart',
}

const tell = (seen: readonly Seen[]): void => {
  for (const [one, why] of Object.entries(because)) {
    const count = seen.filter((other) => other === one).length
    if (count > 0) remark(`fsmtp: ${counted(count, 'message')} could not be searched: ${why}`)
  }
}

const found = async <One extends Mail>(
  search: Search,
  { messages, text, limit = Number.POSITIVE_INFINITY }: Asked<One>,
): Promise<readonly One[]> => {
  const newest = messages.toReversed()
  const words = wordsIn(text)
  const seen: Seen[] = []
  const fitting: One[] = []
  const bar = progress('reading mail')
  while (seen.length < newest.length && fitting.length < limit) {
    const some = newest.slice(seen.length, seen.length + atOnce)
    const mails = some.map(({ message, size, from, subject }) => ({ message, size, from, subject }))
    const order = { words, mails, enough: limit - fitting.length, within: Number.POSITIVE_INFINITY }
    const looked = await search.look(order)
    fitting.push(...some.filter((_, at) => looked[at] === 'fits'))
    seen.push(...looked)
    bar.update(seen.length, newest.length)
  }
  bar.end()
  tell(seen)
  return fitting.toReversed()
}

/** The oldest first. Says which could not be searched. @throws Unsearchable */
export const saying = async <One extends Mail>(
  { config: { data, log, content } }: Pick<Reading, 'config'>,
  asked: Asked<One>,
): Promise<readonly One[]> => {
  const search = openSearch({ data, log, content })
  try {
    return await found(search, asked)
  } finally {
    await search.close()
  }
}
