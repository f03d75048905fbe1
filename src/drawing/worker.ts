/** The thread that draws one machine as SVG. */
import { parentPort, workerData } from 'node:worker_threads'
import { draw } from '../../machines/drawing/index.ts'
import { machines } from '../../machines/index.ts'
import type { Wanted } from './beside.ts'
import { toSvg } from './svg.ts'

const { name, counts } = workerData as Wanted
const module = machines.find((one) => one.name === name)
if (module === undefined) throw new Error(`there is no machine ${name}`)
parentPort?.postMessage(await toSvg(draw(module.machine), { counts }))
