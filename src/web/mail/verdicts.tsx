/** What was found of a stranger and of the mail, in plain words. */
import type { Findings, MessageFindings } from '../../../machines/vocabulary/findings.ts'
import type { MessageDetails } from '../../shapes/message.ts'
import { clientFindings, type FindingText, messageFindings } from '../../telling/findings-text.ts'
import { tagText } from '../../telling/rule-text.ts'
import { Badge, type Tone } from '../pieces/pieces.tsx'

const names: Readonly<Partial<Record<FindingText['name'], string>>> = {
  ...{ reverseName: 'Name', helo: 'HELO', spf: 'SPF', dkim: 'DKIM', dmarc: 'DMARC', arc: 'ARC' },
  ...{ listings: 'Lists', rates: 'Rate', acquaintance: 'Known', karma: 'Network', author: 'Author' },
  ...{ forged: 'Forged' },
}

/** Shapes come from the log, as the vocabulary has them; one of another release is not told in words. */
const told = <Found,>(found: object | undefined, tell: (found: Found) => readonly FindingText[]) => {
  if (found === undefined) return []
  try {
    return tell(found as Found)
  } catch {
    return []
  }
}

type Whole = { readonly tone: Tone; readonly word: string; readonly summary: string }
const whole = (bad: number, findings: readonly FindingText[]): Whole => {
  const against = `${bad} of ${findings.length} findings speak against this mail`
  if (bad > 0) return { tone: 'warn', word: 'look twice', summary: against }
  const nothing = 'Nothing speaks against this mail'
  // Only DMARC is about who wrote it: SPF and DKIM may speak for anybody.
  if (findings.some(({ name, leaning }) => name === 'dmarc' && leaning === 'good'))
    return { tone: 'good', word: 'vouched for', summary: nothing }
  const summary = `${nothing}; that it is from whom it says is not certain`
  return { tone: 'weak', word: 'not vouched for', summary }
}

export const Verdicts = ({ message }: { readonly message: MessageDetails }) => {
  const { examined, authentication, tags = [] } = message
  const findings = [
    ...told<MessageFindings>(authentication, messageFindings),
    ...told<Findings>(examined, (found) => clientFindings(found)),
  ]
  if (findings.length === 0 && tags.length === 0) return null
  const bad = findings.filter(({ leaning }) => leaning === 'bad').length
  const { tone, word, summary } = whole(bad, findings)
  return (
    <details class="verdicts" open={tags.length > 0}>
      <summary>
        <Badge tone={tags.length > 0 ? 'bad' : tone}>{tags.length > 0 ? 'junk' : word}</Badge> {summary}
      </summary>
      <ul>
        {tags.map((tag) => (
          <li key={tag}>
            <Badge tone="bad">rule</Badge> It is Junk by the rule {tagText(tag)}
          </li>
        ))}
        {findings.map(({ name, text, leaning, plain }) => (
          <li key={text}>
            <Badge tone={leaning ?? 'weak'}>{names[name] ?? name}</Badge> {plain ?? text}
            {plain !== undefined && <span class="weak"> · {text}</span>}
          </li>
        ))}
      </ul>
    </details>
  )
}
