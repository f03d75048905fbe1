/**
 * `npm run build`: the sources as JavaScript in `dist/`, for the package (Node strips no types under `node_modules`).
 * Types are not checked here; `npm run types` does that.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildPage } from './web-build.ts'

const house = dirname(dirname(fileURLToPath(import.meta.url)))
const rooms = ['machines', 'projections', 'src']
/** What is not code and is read at run time; notes for readers of the sources stay behind. */
const carried = new Set(['.json', '.svg', '.css', '.html', '.yaml', '.js'])

const settings = {
  extends: join(house, 'tsconfig.json'),
  compilerOptions: {
    noEmit: false,
    noCheck: true,
    rootDir: house,
    outDir: join(house, 'dist'),
    typeRoots: [join(house, 'node_modules', '@types')],
  },
  include: rooms.map((room) => join(house, room)),
  exclude: [join(house, 'src', 'web')],
}

const compile = (): void => {
  const directory = mkdtempSync(join(tmpdir(), 'fsmtp-build-'))
  try {
    const project = join(directory, 'tsconfig.json')
    writeFileSync(project, JSON.stringify(settings))
    const tsc = join(house, 'node_modules', 'typescript', 'bin', 'tsc')
    execFileSync(process.execPath, [tsc, '--project', project], { stdio: 'inherit', cwd: house })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Of the page nothing goes along but what was built of it. */
const isCarried = (path: string): boolean => {
  const isPage = path.startsWith(page) && path !== page && !path.startsWith(join(page, 'dist'))
  return !isPage && (extname(path) === '' || carried.has(extname(path)))
}
const page = join('src', 'web')

const carry = (room: string): void =>
  cpSync(join(house, room), join(house, 'dist', room), {
    recursive: true,
    filter: (path) => isCarried(relative(house, path)),
  })

rmSync(join(house, 'dist'), { recursive: true, force: true })
await buildPage()
compile()
for (const room of rooms) carry(room)
process.stdout.write('built dist/\n')
