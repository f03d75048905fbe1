/** What was found of a stranger and of the mail, in plain words. */
import type { Findings, MessageFindings } from '../../../machines/vocabulary/findings.ts'
import type { MessageDetails } from '../../shapes/message.ts'
import { clientFindings, type FindingText, messageFindings } from '../../telling/findings-text.ts'
import { tagText } from '../../telling/rule-text.ts'
import { Badge } from '../pieces/pieces.tsx'

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

export const Verdicts = ({ message }: { readonly message: MessageDetails }) => {
  const { examined, authentication, tags = [] } = message
  const findings = [
    ...told<MessageFindings>(authentication, messageFindings),
    ...told<Findings>(examined, (found) => clientFindings(found)),
  ]
  if (findings.length === 0 && tags.length === 0) return null
  const bad = findings.filter(({ leaning }) => leaning === 'bad').length
  const summary =
    bad === 0
      ? 'Nothing speaks against this mail'
      : `${bad} of ${findings.length} findings speak against this mail`
  return (
    <details class="verdicts" open={tags.length > 0}>
      <summary>
        <Badge tone={tags.length > 0 ? 'bad' : bad > 0 ? 'warn' : 'good'}>
          {tags.length > 0 ? 'junk' : bad > 0 ? 'look twice' : 'vouched for'}
        </Badge>{' '}
        {summary}
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
