/** What lists answer, as their operators document it: an answer that is not documented is no listing. */

export type Codes = {
  /** What an answer means; null for one that is no listing. '' where nobody says what. */
  readonly meaning: (answer: string) => string | null
}

type Meanings = Readonly<Record<string, string>>

/** https://docs.spamhaus.com/datasets/docs/source/10-data-type-documentation/datasets/040-zones.html */
const sbl: Meanings = {
  '127.0.0.2': 'SBL',
  '127.0.0.3': 'CSS',
  '127.0.0.9': 'DROP',
  '127.0.0.30': 'BCL',
}
const xbl: Meanings = { '127.0.0.4': 'XBL', '127.0.0.5': 'XBL', '127.0.0.6': 'XBL', '127.0.0.7': 'XBL' }
const pbl: Meanings = { '127.0.0.10': 'PBL', '127.0.0.11': 'PBL' }
const dbl: Meanings = {
  '127.0.1.2': 'low reputation',
  '127.0.1.4': 'phishing',
  '127.0.1.5': 'malware',
  '127.0.1.6': 'botnet',
  '127.0.1.102': 'abused',
  '127.0.1.103': 'abused redirector',
  '127.0.1.104': 'abused for phishing',
  '127.0.1.105': 'abused for malware',
  '127.0.1.106': 'abused by a botnet',
}
/** How long the domain has been known: 127.0.2.2 is less than two hours, then one for each hour. */
const zrd: Meanings = Object.fromEntries(
  Array.from({ length: 23 }, (_, at) => [`127.0.2.${at + 2}`, `new, less than ${at + 2} hours`]),
)

const spamhaus: Readonly<Record<string, Meanings>> = {
  sbl,
  xbl,
  pbl,
  'sbl-xbl': { ...sbl, ...xbl },
  zen: { ...sbl, ...xbl, ...pbl },
  authbl: { '127.0.0.20': 'AuthBL' },
  dbl,
  zrd,
}

/** https://www.dnswl.org/?page_id=15: the third number is what they do, the fourth how far they are trusted. */
const trusts = ['no trust', 'low trust', 'medium trust', 'high trust']
const dnswl: Meanings = Object.fromEntries(
  Array.from({ length: 14 }, (_, at) => at + 2).flatMap((kind) =>
    trusts.map((trust, at) => [`127.0.${kind}.${at}`, trust] as const),
  ),
)

/** Public mirrors, and those that are asked with a key. */
const spamhausZone = /^([a-z-]+)\.(?:spamhaus\.org|dq\.spamhaus\.net)$/

const known = (zone: string): Meanings | undefined => {
  if (zone === 'list.dnswl.org') return dnswl
  const [, name] = spamhausZone.exec(zone) ?? []
  return name === undefined || !Object.hasOwn(spamhaus, name) ? undefined : spamhaus[name]
}

/** RFC 5782 §2.1: 127.0.0.2 and on; the first and the last are nobody's. */
const usual = /^127\.0\.0\.(?:[2-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-4])$/

const meaningIn =
  (meanings: Meanings): Codes['meaning'] =>
  (answer) =>
    Object.hasOwn(meanings, answer) ? meanings[answer]! : null

/** `meanings` and `codes`: what the configuration says of this list; it comes before what is known here. */
export const codesOf = ({
  zone,
  meanings,
  codes = [],
}: {
  readonly zone: string
  readonly meanings?: Meanings | undefined
  readonly codes?: readonly string[] | undefined
}): Codes => {
  const ofZone = known(zone.toLowerCase())
  const more = Object.fromEntries(codes.map((code) => [code, '']))
  const given = { ...more, ...ofZone, ...meanings }
  if (ofZone !== undefined || meanings !== undefined) return { meaning: meaningIn(given) }
  return { meaning: (answer) => meaningIn(given)(answer) ?? (usual.test(answer) ? '' : null) }
}

/** Answers that say what is wrong with the question (Spamhaus, and others after it). */
const complaints: Meanings = {
  '127.255.255.250': 'the key is disabled',
  '127.255.255.251': 'the key is not accepted',
  '127.255.255.252': 'the name of the list is wrong',
  '127.255.255.254': 'asked through a public resolver, which the list does not answer',
  '127.255.255.255': 'too many questions',
}

/** Of the list itself, not of what was asked: an error it reports, or an answer that no list gives. Null: neither. */
export const complaint = (answer: string): string | null => {
  if (Object.hasOwn(complaints, answer)) return complaints[answer]!
  if (answer.startsWith('127.255.255.')) return 'the list reports an error'
  return answer.startsWith('127.') ? null : 'somebody else answers in its place'
}
