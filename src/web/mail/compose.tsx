/** Writing a mail: it is taken as any other that the account submits, once, and leads to its session. */
import { useRef, useState } from 'preact/hooks'
import type { MessageDetails } from '../../shapes/message.ts'
import { useJson } from '../api/ask.ts'
import { send, urlOf, wordsOf } from '../api/client.ts'
import { pathOf } from '../frame/router.ts'
import { Dialog } from '../pieces/dialog.tsx'
import { bytes } from '../pieces/pieces.tsx'
import { isWritten, Unsent, useKept } from './unsent.tsx'

/** What stands in it to begin with. */
export type Draft = {
  /** Addresses that a mail was sent to: the first of ours among them answers it. */
  readonly answering?: readonly string[]
  readonly to?: string
  readonly subject?: string
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}
type Sent = {
  readonly id: string
  readonly refused: readonly { readonly address: string; readonly reply: string }[]
}
type Senders = { readonly items: readonly string[]; readonly domains: readonly string[] }

/** Base64 of a file, as a browser reads it. */
const contentOf = (file: File): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''))
    reader.onerror = () => reject(new Error(`${file.name} cannot be read`))
    reader.readAsDataURL(file)
  })

const attachmentOf = async (file: File) => ({
  filename: file.name,
  ...(file.type !== '' && { contentType: file.type }),
  content: await contentOf(file),
})

const mailIn = async (form: HTMLFormElement, files: readonly File[], { headers }: Draft): Promise<object> => {
  const given = new FormData(form)
  const field = (name: string): string => String(given.get(name) ?? '').trim()
  const some = (name: string): object => (field(name) === '' ? {} : { [name]: field(name) })
  return {
    ...{ ...some('from'), ...some('to'), ...some('cc'), ...some('bcc'), ...some('subject') },
    text: String(given.get('text') ?? ''),
    ...(headers !== undefined && { headers }),
    ...(files.length > 0 && { attachments: await Promise.all(files.map(attachmentOf)) }),
  }
}

/** 128 bits of chance: `randomUUID` is there over HTTPS only. */
const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** The same mail keeps its key however often somebody asks for it; another one gets another. */
const useKeyFor = (): ((mail: object) => string) => {
  const last = useRef({ mail: '', key: '' })
  return (mail) => {
    const text = JSON.stringify(mail)
    if (text !== last.current.mail) last.current = { mail: text, key: newKey() }
    return last.current.key
  }
}

const Field = ({
  name,
  title,
  value,
  isFirst = false,
}: {
  readonly name: string
  readonly title: string
  readonly value?: string | undefined
  readonly isFirst?: boolean
}) => (
  <label>
    <span>{title}</span>
    <input name={name} autocomplete="off" defaultValue={value ?? ''} autofocus={isFirst} />
  </label>
)

const From = ({ answering = [] }: Pick<Draft, 'answering'>) => {
  const { value: senders } = useJson<Senders>(urlOf(['senders']))
  const [typed, setTyped] = useState<string | null>(null)
  const own = senders?.items.find((address) => answering.includes(address))
  return (
    <label>
      <span>From</span>
      <input
        name="from"
        list="senders"
        autocomplete="off"
        value={typed ?? own ?? ''}
        placeholder={senders?.items[0] ?? ''}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      <datalist id="senders">
        {senders?.items.map((address) => (
          <option key={address} value={address} />
        ))}
      </datalist>
    </label>
  )
}

const Files = ({
  files,
  set,
}: {
  readonly files: readonly File[]
  readonly set: (files: readonly File[]) => void
}) => (
  <>
    <label class="files">
      <span>Attach</span>
      <input
        type="file"
        multiple
        onChange={({ currentTarget }) => {
          set([...files, ...(currentTarget.files ?? [])])
          currentTarget.value = ''
        }}
      />
    </label>
    {files.length > 0 && (
      <ul class="chips">
        {files.map((file) => (
          <li class="chip" key={`${file.name} ${file.size} ${file.lastModified}`}>
            {file.name} ({bytes(file.size)}){' '}
            <button
              type="button"
              class="small quiet"
              aria-label={`Leave out ${file.name}`}
              onClick={() => set(files.filter((other) => other !== file))}
            >
              ✕
            </button>
          </li>
        ))}
      </ul>
    )}
  </>
)

/** Where it is now: the message, and the session that took it. */
const Done = ({ sent: { id, refused }, box, close }: { sent: Sent; box: string; close: () => void }) => {
  const { value } = useJson<MessageDetails>(urlOf(['messages', id]))
  const session = value?.session ?? null
  return (
    <>
      <p role="status">It was accepted.</p>
      {refused.length > 0 && (
        <ul class="fault">
          {refused.map(({ address, reply }) => (
            <li key={address}>
              {address} does not get it: {reply}
            </li>
          ))}
        </ul>
      )}
      <p class="actions">
        <button type="button" onClick={close}>
          Close
        </button>
        {session !== null && (
          <a class="button" href={`/sessions/${session}?message=${id}`} onClick={close}>
            The session that took it
          </a>
        )}
        <a class="button main" href={pathOf('mail', box, id)} onClick={close}>
          The mail
        </a>
      </p>
    </>
  )
}

export type ComposeProps = {
  readonly draft: Draft
  /** Where what was sent is looked at. */
  readonly box: string
  readonly close: () => void
  readonly done?: (() => void) | undefined
}

export const Compose = ({ draft, box, close, done }: ComposeProps) => {
  const [files, setFiles] = useState<readonly File[]>([])
  const [sent, setSent] = useState<Sent | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  /** Known at once, where what is shown comes a moment later. */
  const busy = useRef(false)
  const keyFor = useKeyFor()
  const form = useRef<HTMLFormElement>(null)
  const [isLeaving, setLeaving] = useState(false)
  const isKept = (): boolean => sent === null && (files.length > 0 || isWritten(form.current))
  useKept(isKept)
  /** The first time it asks; asked about, Escape means that it is to stay. */
  const mayClose = (): boolean => {
    if (!isKept()) return true
    setLeaving(!isLeaving)
    return false
  }
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (busy.current) return
    busy.current = true
    setBusy(true)
    setLeaving(false)
    try {
      const mail = await mailIn(event.target as HTMLFormElement, files, draft)
      const headers = { 'idempotency-key': keyFor(mail) }
      setSent(await send<Sent>('POST', urlOf(['messages']), mail, headers))
      done?.()
    } catch (error) {
      setFault(wordsOf(error))
    } finally {
      busy.current = false
      setBusy(false)
    }
  }
  return (
    <Dialog
      title={draft.headers === undefined ? 'Write a mail' : 'Reply'}
      {...{ close, mayClose }}
      class="compose"
    >
      {sent !== null ? (
        <Done {...{ sent, box, close }} />
      ) : (
        <form ref={form} onSubmit={(event) => void submit(event)}>
          <From answering={draft.answering} />
          <Field name="to" title="To" value={draft.to} isFirst={draft.to === undefined} />
          <Field name="cc" title="Cc" />
          <Field name="bcc" title="Bcc" />
          <Field name="subject" title="Subject" value={draft.subject} />
          <label>
            <span>Text</span>
            <textarea
              name="text"
              rows={10}
              defaultValue={draft.text ?? ''}
              autofocus={draft.to !== undefined}
            />
          </label>
          <Files files={files} set={setFiles} />
          {fault !== null && (
            <p class="fault" role="alert">
              {fault}
            </p>
          )}
          {isLeaving && <Unsent keep={() => setLeaving(false)} away={close} />}
          <p class="actions">
            <button
              type="button"
              onClick={() => {
                if (mayClose()) close()
              }}
            >
              Leave it
            </button>
            <button type="submit" class="main" disabled={isBusy}>
              {isBusy ? 'Sending …' : 'Send'}
            </button>
          </p>
        </form>
      )}
    </Dialog>
  )
}
