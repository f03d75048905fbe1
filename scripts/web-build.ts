/**
 * `npm run build:web`: the page as files in `src/web/dist/`. With `--if-stale` only where something it is made of has changed since,
 * and where what builds it was not installed it says so and goes on: then the server tells what to do.
 */
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const house = dirname(dirname(fileURLToPath(import.meta.url)))
const root = join(house, 'src', 'web')
const built = join(root, 'dist')
/** Where it is made: whoever reads or builds at the same time sees a whole page, the old one or the new one. */
const making = join(house, 'node_modules', '.cache', `fsmtp-page-${process.pid}`)
const index = join(built, 'index.html')

/** What the page is made of: its own files, and those of the house that it shares. */
const made = [
  'src/web/**/*.{ts,tsx,css,html,svg}',
  'machines/**/*.ts',
  'src/{drawing,history,cli}/*.ts',
  'package-lock.json',
]

const isStale = (): boolean => {
  if (!existsSync(index)) return true
  const since = statSync(index).mtimeMs
  return made
    .flatMap((pattern) => globSync(pattern, { cwd: house }))
    .filter((path) => !path.includes('web/dist'))
    .some((path) => statSync(join(house, path)).mtimeMs > since)
}

const chartsName = 'virtual:charts'
/** The machines laid out, as a module. */
const charts: Plugin = {
  name: 'charts',
  resolveId: (id) => (id === chartsName ? `\0${chartsName}` : undefined),
  load: async (id) => {
    if (id !== `\0${chartsName}`) return undefined
    const { draw } = await import('../machines/drawing/index.ts')
    const { machines } = await import('../machines/index.ts')
    const { chartOf } = await import('../src/drawing/chart.ts')
    const all = (isCounted: boolean) =>
      Promise.all(machines.map(({ machine }) => chartOf(draw(machine), { isCounted })))
    const [charts, counted] = [await all(false), await all(true)]
    return `export const charts = ${JSON.stringify(charts)}
export const countedCharts = ${JSON.stringify(counted)}`
  },
}

/** Rooms that the page shares may import what only Node has, as long as nothing of it is left in the end; for `node:util` there is a stand-in. */
const noNode: Plugin = {
  name: 'no-node',
  enforce: 'pre',
  resolveId: (id) =>
    id === 'node:util'
      ? join(root, 'node-util.ts')
      : isBuiltin(id)
        ? { id, external: true, moduleSideEffects: false }
        : undefined,
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type !== 'chunk') continue
      const strange = [...file.imports, ...file.dynamicImports].filter((id) => isBuiltin(id))
      if (strange.length > 0) this.error(`the page would import ${strange.join(', ')} in ${file.fileName}`)
    }
  },
}

/** Bytes of everything that `index.html` names, as they are on the disk. */
const firstLoad = (): number => {
  const named = [...readFileSync(index, 'utf8').matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)]
  return named.reduce((sum, [, path]) => sum + statSync(join(built, path!)).size, statSync(index).size)
}

/** Renames where it can; false where somebody else was faster. */
const renamed = (from: string, to: string): boolean => {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if (['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(String((error as NodeJS.ErrnoException).code)))
      return false
    throw error
  }
}

/** The old page gives way to the new one. Others may do the same at this moment: one of their pages is as good. */
const putInPlace = (): void => {
  const old = `${making}-old`
  for (let tries = 0; tries < 5; tries++) {
    renamed(built, old)
    const isDone = renamed(making, built)
    rmSync(old, { recursive: true, force: true })
    if (isDone) return
  }
  rmSync(making, { recursive: true, force: true })
}

export const buildPage = async (): Promise<void> => {
  const { build } = await import('vite')
  const began = performance.now()
  mkdirSync(dirname(making), { recursive: true })
  await build({
    ...{ configFile: false, root, logLevel: 'warn', base: '/', publicDir: false },
    plugins: [charts, noNode],
    build: {
      ...{ outDir: making, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, sourcemap: false },
      modulePreload: { polyfill: false },
      rollupOptions: { checks: { pluginTimings: false } },
    },
  })
  putInPlace()
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  process.stdout.write(`built the page in ${seconds} s: ${Math.ceil(firstLoad() / 1000)} kB at first load\n`)
}

/** As `npm start` has it. */
const buildIfStale = async (): Promise<void> => {
  if (!isStale()) return
  try {
    await buildPage()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    process.stderr.write('the page is not built: what builds it is not installed (npm ci)\n')
  }
}

if (import.meta.main) await (process.argv.includes('--if-stale') ? buildIfStale() : buildPage())
