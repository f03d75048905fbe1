/**
 * The thread that keeps the views: looks for new events many times a second, folds what is there, rests. It gives way to the
 * threads that talk to clients: a lower priority where the system has priorities for threads, and other work between batches.
 */
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { exhaustMap, fromEvent, lastValueFrom, map, merge, Subject, takeUntil, timer } from 'rxjs'
import { type LogPlace, openLogReader } from '../log/open.ts'
import { giveWay } from './give-way.ts'
import {
  type FromViews,
  farBehind,
  growingFrom,
  longestRest,
  niceness,
  restAfterFault,
  restPerWork,
  restPerWorkFarBehind,
  type ToViews,
  wakeEvery,
} from './messages.ts'
import { Runner } from './runner.ts'

if (parentPort === null) throw new Error('this is a thread of the server, not a program')
const port = parentPort
const say = (message: FromViews): void => port.postMessage(message)
const notice = (line: string): void => say({ kind: 'notice', line })

giveWay(niceness)
const place = workerData as LogPlace
const directory = place.data
const log = await openLogReader(place)
/** Where positions are not dense, so many of them stand for one event. */
const spacing = log.spacing ?? 1
/** A look at a database goes over the network. */
const lookEvery = log.spacing === undefined ? wakeEvery : 4 * wakeEvery
const runner = await Runner.open({ directory, log, notice, onStop: notice })
const stopped = new Subject<void>()
let isStopping = false
let said = -1

const sayPosition = (): void => {
  const position = runner.position()
  if (position === said) return
  said = position
  say({ kind: 'position', position })
}

let tail = await log.tail()
/** Whether much was appended since it was asked last. */
const isLogGrowing = async (): Promise<boolean> => {
  const before = tail
  tail = await log.tail()
  return tail - before >= growingFrom * spacing
}

const restAfter = (work: number): number => {
  const isFarBehind = tail - runner.position() > farBehind * spacing
  return Math.min((isFarBehind ? restPerWorkFarBehind : restPerWork) * work, longestRest)
}

/** Everything that is there now, a batch at a time; while clients bring much, with rests between. */
const catchUp = async (): Promise<void> => {
  for (;;) {
    const began = performance.now()
    const isFolding = !isStopping && (await runner.step())
    // A view that took another's place is further on, with nothing left to fold.
    sayPosition()
    if (!isFolding) return
    if (await isLogGrowing()) await pause(restAfter(performance.now() - began))
    else await turn()
  }
}

let lastFault = ''
/** A full disk, say: the views wait, and try again. Said once for each fault. */
const catchUpAnyhow = async (): Promise<void> => {
  try {
    await catchUp()
    lastFault = ''
  } catch (error) {
    const fault = (error as Error).message
    if (fault !== lastFault) notice(`the views wait and try again: ${fault}`)
    lastFault = fault
    await pause(restAfterFault)
  }
}

const stop = (): void => {
  isStopping = true
  stopped.next()
}

const asked = fromEvent<{ readonly data: ToViews }>(port, 'message').pipe(map(({ data }) => data))
asked.subscribe((message) => {
  if (message.kind === 'rebuild') runner.rebuild(message.name)
  else stop()
})
sayPosition()
say({ kind: 'ready' })
// While a batch is at work, wakings are passed over: nothing queues up.
const wakings = merge(timer(0, lookEvery), asked).pipe(takeUntil(stopped), exhaustMap(catchUpAnyhow))
await lastValueFrom(wakings, { defaultValue: undefined })
runner.close()
await log.close()
port.close()
