/** A history file dropped on the page is lived again here, in the browser: it is sent to nobody. */
import { useRef, useState } from 'preact/hooks'
import type { PlaceProps } from '../frame/app.tsx'
import { useDropped } from '../frame/dropped.ts'
import { counted, Line, Tabs } from '../pieces/pieces.tsx'
import type { Replayed } from './file-replay.ts'
import { History } from './history.tsx'

const Dropzone = ({
  take,
  fault,
}: {
  readonly take: (file: File) => void
  readonly fault: string | null
}) => {
  const input = useRef<HTMLInputElement>(null)
  return (
    <section class="empty drop">
      <h1>Replay a history file</h1>
      <p>
        Drop a file here that <code>fsmtp export</code> wrote, or that was downloaded from a session’s page.
        Each history in it is lived again, step by step, in this browser; nothing is sent anywhere.
      </p>
      <p>
        <button type="button" class="main" onClick={() => input.current?.click()}>
          Choose a file
        </button>
        <input
          ref={input}
          type="file"
          class="hidden"
          aria-label="History file"
          tabIndex={-1}
          accept=".ndjson,.jsonl,application/x-ndjson"
          onChange={({ currentTarget }) => currentTarget.files?.[0] && take(currentTarget.files[0])}
        />
      </p>
      {fault !== null && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <Line text="npx fsmtp export ID --out session.ndjson" />
    </section>
  )
}

const mostBytes = 128 * 1024 * 1024

export const ReplayFile = ({ query }: PlaceProps) => {
  const [found, setFound] = useState<readonly Replayed[]>([])
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState('')
  const [fault, setFault] = useState<string | null>(null)
  const take = async (file: File): Promise<void> => {
    try {
      if (file.size > mostBytes)
        throw new Error('is too large to be lived again in a browser; `fsmtp replay` takes any size')
      const { replayed } = await import('./file-replay.ts')
      const histories = replayed(await file.text())
      setFound(histories)
      setName(file.name)
      setChosen(histories[0]?.stream ?? '')
      setFault(null)
    } catch (error) {
      setFault(`${file.name}: ${error instanceof Error ? error.message : String(error)}`)
      setFound([])
    }
  }
  useDropped((file) => void take(file))
  const shown = found.find(({ stream }) => stream === chosen)
  if (shown === undefined) return <Dropzone take={(file) => void take(file)} fault={fault} />
  return (
    <>
      <header class="head">
        <div>
          <h1>{name}</h1>
          <p class="weak">
            {counted(found.length, 'history', 'histories')}, replayed in this browser · {shown.stream}
          </p>
        </div>
        <button type="button" onClick={() => setFound([])}>
          Another file
        </button>
      </header>
      {found.length > 1 && (
        <Tabs
          label="Histories of the file"
          tabs={found
            .slice(0, 50)
            .map(({ stream, machine, steps }) => [
              stream,
              `${machine} ${stream.slice(-6)} (${steps.length})`,
            ])}
          current={chosen}
          choose={setChosen}
        />
      )}
      <History key={chosen} machine={shown.machine} steps={shown.steps} asked={query.get('step')} />
    </>
  )
}
