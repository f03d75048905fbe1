/** To any moment of a history: a slider, keys, and playing it, as fast as it went or faster. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Step } from '../../history/steps.ts'
import { useKeys } from '../frame/keys.tsx'
import { lasting, Time } from '../pieces/pieces.tsx'
import { toneOf } from './words.ts'

export type ScrubberProps = {
  readonly steps: readonly Step[]
  readonly at: number
  readonly move: (to: number) => void
}

const speeds = ['real time', '10× as fast', '4 steps a second'] as const
type Speed = (typeof speeds)[number]
const slowness = { 'real time': 1, '10× as fast': 10 } as const
/** Milliseconds: silences longer than this are cut short. */
const longestWait = 10_000

/** Milliseconds from a step to the one behind it. */
const silenceAfter = (steps: readonly Step[], at: number): number => {
  const [now, next] = [steps[at], steps[at + 1]]
  return now && next ? Date.parse(next.at) - Date.parse(now.at) : 0
}

const waitFor = (speed: Speed, steps: readonly Step[], at: number): number => {
  if (speed === '4 steps a second') return 250
  return Math.min(longestWait, Math.max(30, silenceAfter(steps, at) / slowness[speed]))
}

const usePlaying = ({ steps, at, move }: ScrubberProps, speed: Speed) => {
  const [isPlaying, setPlaying] = useState(false)
  const isAtEnd = at >= steps.length - 1
  useEffect(() => {
    if (!isPlaying) return
    if (isAtEnd) return setPlaying(false)
    const timer = setTimeout(() => move(at + 1), waitFor(speed, steps, at))
    return () => clearTimeout(timer)
  }, [isPlaying, at, speed, steps])
  const toggle = (): void => {
    if (!isPlaying && isAtEnd) move(0)
    setPlaying(!isPlaying)
  }
  return { isPlaying, toggle }
}

/** Steps worth a look, over the slider: never more marks than a screen shows. */
const Marks = ({ steps }: { readonly steps: readonly Step[] }) => {
  const last = Math.max(1, steps.length - 1)
  const marked = steps.flatMap((step, at) => {
    const tone = step.diverged === null ? toneOf(step) : 'differs'
    return tone === null ? [] : [{ tone, x: Math.round((at / last) * 1000) }]
  })
  const shown = [...new Map(marked.map((mark) => [`${mark.tone} ${mark.x}`, mark])).values()]
  return (
    <svg class="marks" viewBox="0 0 1000 6" preserveAspectRatio="none" aria-hidden="true">
      {shown.map(({ tone, x }) => (
        <rect
          key={`${tone} ${x}`}
          class={tone}
          x={x - (tone === 'differs' ? 4 : 1.5)}
          y="0"
          width={tone === 'differs' ? 8 : 3}
          height="6"
        />
      ))}
    </svg>
  )
}

const glyphs = {
  first: 'M6 5v14M19 5 9 12l10 7z',
  before: 'M16 5 7 12l9 7z',
  play: 'M8 4.5 19 12 8 19.5z',
  stop: 'M8 5v14M16 5v14',
  next: 'M8 5l9 7-9 7z',
  last: 'M18 5v14M5 5l10 7-10 7z',
} as const
const Glyph = ({ name }: { readonly name: keyof typeof glyphs }) => (
  <svg class="icon solid" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d={glyphs[name]} />
  </svg>
)

export const Scrubber = (props: ScrubberProps) => {
  const { steps, at, move } = props
  const [speed, setSpeed] = useState<Speed>('4 steps a second')
  const { isPlaying, toggle } = usePlaying(props, speed)
  const last = steps.length - 1
  const to = (place: number): void => move(Math.min(last, Math.max(0, place)))
  const toNext = useRef((_: 1 | -1): void => {})
  toNext.current = (by) => {
    for (let place = at + by; place >= 0 && place <= last; place += by)
      if (toneOf(steps[place]!) !== null) return to(place)
  }
  useKeys([
    { key: 'ArrowRight', does: 'next step', run: () => to(at + 1) },
    { key: 'ArrowLeft', does: 'step before', run: () => to(at - 1) },
    { key: 'Home', does: 'first step', run: () => to(0) },
    { key: 'End', does: 'last step', run: () => to(last) },
    { key: 'n', does: 'next refusal or message', run: () => toNext.current(1) },
    { key: 'p', does: 'refusal or message before', run: () => toNext.current(-1) },
    { key: ' ', does: 'play or stop', run: toggle },
  ])
  const step = steps[at]
  if (step === undefined) return null
  const since = Date.parse(step.at) - Date.parse(steps[0]!.at)
  const silence = silenceAfter(steps, at)
  const isCut = isPlaying && speed !== '4 steps a second' && silence / slowness[speed] > longestWait
  return (
    <section class="scrubber" aria-label="Moments of this history">
      <div class="buttons">
        <button type="button" onClick={() => to(0)} disabled={at === 0} aria-label="First step">
          <Glyph name="first" />
        </button>
        <button type="button" onClick={() => to(at - 1)} disabled={at === 0} aria-label="Step before">
          <Glyph name="before" />
        </button>
        <button type="button" class="main" onClick={toggle} aria-label={isPlaying ? 'Stop' : 'Play'}>
          <Glyph name={isPlaying ? 'stop' : 'play'} />
        </button>
        <button type="button" onClick={() => to(at + 1)} disabled={at === last} aria-label="Next step">
          <Glyph name="next" />
        </button>
        <button type="button" onClick={() => to(last)} disabled={at === last} aria-label="Last step">
          <Glyph name="last" />
        </button>
      </div>
      <div class="slider">
        <Marks steps={steps} />
        <input
          type="range"
          min="0"
          max={last}
          value={at}
          aria-label="Step"
          aria-valuetext={`step ${step.revision} of ${steps[last]!.revision}: ${step.event}`}
          onInput={({ currentTarget }) => to(Number(currentTarget.value))}
        />
      </div>
      <p class="where">
        <strong title="Counted from 0, as fsmtp replay does">
          step {step.revision} of {steps[last]!.revision}
        </strong>{' '}
        <Time at={step.at} exact /> <span class="weak">+{lasting(since)}</span>
        {isCut && (
          <span class="weak">
            {' '}
            · silence of {lasting(silence)}, cut to {lasting(longestWait)}
          </span>
        )}
      </p>
      <select
        aria-label="Speed"
        value={speed}
        onChange={({ currentTarget }) => setSpeed(currentTarget.value as Speed)}
      >
        {speeds.map((one) => (
          <option key={one} selected={one === speed}>
            {one}
          </option>
        ))}
      </select>
    </section>
  )
}
