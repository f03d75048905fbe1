#!/usr/bin/env node
/**
 * Starts FSMTP on the Node it was built for, whatever Node the machine has: plain JavaScript that any Node from 18 on
 * understands. In a checkout the sources run as they are; an installed package brings them built, in `dist/`.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const needed = 26
const house = dirname(dirname(fileURLToPath(import.meta.url)))

const fail = (message) => {
  process.stderr.write(`fsmtp: ${message}\n`)
  process.exit(1)
}

const findMain = () => {
  const source = join(house, 'src', 'cli', 'main.ts')
  const built = join(house, 'dist', 'src', 'cli', 'main.js')
  if (existsSync(source)) return source
  if (existsSync(built)) return built
  return fail(`neither ${source} nor ${built} is there; install the package again`)
}

/** The Node that came with us as the package `node`, which npm may have put beside us or further up. */
const findNode = () => {
  const binary = process.platform === 'win32' ? 'node.exe' : 'node'
  const places = createRequire(import.meta.url).resolve.paths('node-of-fsmtp') ?? []
  const found = places.map((place) => join(place, 'node', 'bin', binary)).find((file) => existsSync(file))
  if (found) return found
  return fail(
    `needs Node ${needed} or newer, this is ${process.version}, and the Node that comes with it is missing ` +
      '(npm ran no install scripts?): run it with a newer Node, or let the package `node` put it there with ' +
      '`npm rebuild` (`npm rebuild --global` where it was installed so)',
  )
}

/** A child with our terminal, our signals and our exit code, for a Node that cannot become another program. */
const runBeside = (node, args) => {
  const child = spawn(node, args, { stdio: 'inherit' })
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    // A terminal's Ctrl-C reaches the child by itself; sent on, it would count as the second one.
    process.on(signal, () => (signal === 'SIGINT' && onTerminal ? undefined : child.kill(signal)))
  }
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

const main = findMain()
if (Number.parseInt(process.versions.node, 10) >= needed) {
  await import(pathToFileURL(main).href)
} else {
  const node = findNode()
  const args = [main, ...process.argv.slice(2)]
  // Becoming the other Node is better than standing beside it: one process, and every signal arrives as it was sent.
  if (typeof process.execve === 'function') process.execve(node, [node, ...args], process.env)
  else runBeside(node, args)
}
