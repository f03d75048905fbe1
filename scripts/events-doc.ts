/**
 * Makes `docs/events.md` from `machines/vocabulary/events.ts`: every fact with its data and what is said of it there.
 * `node scripts/events-doc.ts` writes it; a test holds the two together.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const house = dirname(dirname(fileURLToPath(import.meta.url)))
const vocabulary = join(house, 'machines', 'vocabulary', 'events.ts')
export const eventsDoc = join(house, 'docs', 'events.md')

type Declared = { readonly name: string; readonly about: string; readonly body: string }

const declaration =
  /(?:\/\*\*(?<about>(?:(?!\*\/)[\s\S])*)\*\/\n)?export type (?<name>\w+)(?:<[^\n]*?>)? =(?<body>[\s\S]*?)(?=\n\/\*\*|\nexport |\n*$)/g

/** A doc comment as one paragraph. */
const sentence = (comment: string): string =>
  comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, '').trim())
    .filter((line) => line !== '')
    .join(' ')

const declarationsOf = (text: string): ReadonlyMap<string, Declared> =>
  new Map(
    [...text.matchAll(declaration)].map(({ groups = {} }) => [
      groups.name!,
      { name: groups.name!, about: sentence(groups.about ?? ''), body: groups.body!.trim() },
    ]),
  )

/** Each fact with the name of its type, in the order of `Facts`: the order of the dialogue. */
const factsOf = (declared: ReadonlyMap<string, Declared>): ReadonlyMap<string, string> =>
  new Map(
    [...declared.get('Facts')!.body.matchAll(/^\s*(\w+): (\w+);?$/gm)].map(([, name, type]) => [
      name!,
      type!,
    ]),
  )

/** `readonly` and our indentation say nothing to a reader of the log. */
const shown = (body: string): string => body.replace(/\breadonly /g, '')

const section = ({ name, about, body }: Declared): string => {
  const data = body.startsWith('Record<string, never>') ? 'No data.' : `\`\`\`ts\n${shown(body)}\n\`\`\``
  return [`### ${name}`, about, data].filter((part) => part !== '').join('\n\n')
}

/** Types that facts are made of, in the order in which they are declared; the bookkeeping of the vocabulary is left out. */
const partsOf = (
  declared: ReadonlyMap<string, Declared>,
  facts: ReadonlyMap<string, string>,
): readonly Declared[] =>
  [...declared.values()].filter(
    ({ name }) => ![...facts.values()].includes(name) && !['Facts', 'FactName', 'EventOf'].includes(name),
  )

const head = `# Events

*Made by \`node scripts/events-doc.ts\` from \`machines/vocabulary/events.ts\`; change it there.*

Each transition of a session or a delivery is one event; accounts, domains and policies have theirs. An event has \`position\` (dense, over the
whole log), \`id\`, \`stream\`, \`revision\` (from 0, within the stream), \`type\`, \`version\`, \`at\`, \`data\` and \`meta\`. Names are stored for
ever. What a view or a script of yours may rely on is \`type\` and \`data\`; \`meta\` is flat strings for replay:
\`machine\`, \`machineVersion\`, \`fingerprint\`, \`input\`, \`from\`, \`to\`, \`effects\`, \`dialogue\`, \`node\`, \`$correlationId\`, \`$causationId\`.

No event holds a password that could be used (accounts hold argon2id hashes), nor what a client sent to log in, nor the content of a mail.

| stream | holds |
|---|---|
| \`smtp_session-<id>\` | one session, from \`SessionOpened\` to \`SessionClosed\` |
| \`delivery-<id>\` | one message on its way to one next hop, from \`DeliveryQueued\` to its end |
| \`notice-<delivery>_<kind>_<attempt>\` | one notice that a sender was owed: the message it is, or why there is none |
| \`account-<name>\` | one account |
| \`domain-<name>\` | one domain added by a command |
| \`retention-<id>\` | what was forgotten at one time |
| \`web_login-<id>\` | one login over HTTP |
| \`api_key-<name>\` | the keys of that name, one after the other |
| \`mailbox_message-<id>\` | what was done to one message in one mailbox: flags, moved, expunged |
| \`submission-<hash>\` | a mail that was sent over HTTP under a key, so that asking again sends it once |
| \`webhook-<id>\` | how far one webhook is told, and by which server; what is old is forgotten |
| \`policy_change-<id>\` | that a policy came into force |
| \`policy-<hash>\` | one policy, as it was when sessions or deliveries were judged by it |
`

/** The whole page. */
export const eventsPage = (): string => {
  const declared = declarationsOf(readFileSync(vocabulary, 'utf8'))
  const facts = factsOf(declared)
  return [
    head,
    '## Facts\n',
    [...facts].map(([name, type]) => section({ ...declared.get(type)!, name })).join('\n\n'),
    '\n## What they are made of\n',
    partsOf(declared, facts).map(section).join('\n\n'),
    '',
  ].join('\n')
}

if (import.meta.main) writeFileSync(eventsDoc, eventsPage())
