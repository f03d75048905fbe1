/** A disk of a few megabytes, for filling up. Needs the right to mount; where it is missing, tests say so and are skipped. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

const mount = (megabytes: number): string => {
  const directory = mkdtempSync(join(tmpdir(), 'fsmtp-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', directory], {
      stdio: 'pipe',
    })
    return directory
  } catch (error) {
    rmdirSync(directory)
    throw error
  }
}
const unmount = (directory: string): void => {
  // Lazily: a test that failed may have left something open.
  execFileSync('umount', ['-l', directory], { stdio: 'pipe' })
  rmdirSync(directory)
}

const tryMount = (): false | string => {
  try {
    unmount(mount(1))
    return false
  } catch {
    return 'a small disk needs the right to mount a tmpfs'
  }
}

/** For `it(name, { skip: cannotMount }, ...)`. */
export const cannotMount: false | string = tryMount()

export type SmallDisk = {
  readonly directory: string
  /** Takes the room away, all but so many bytes of it. */
  readonly fill: (left: number) => void
  readonly makeRoom: () => void
  /** For the end of the test: what holds files open on the disk is closed before the disk goes. */
  readonly closing: (close: () => Promise<void>) => void
}

export const smallDisk = (test: TestContext, { megabytes }: { megabytes: number }): SmallDisk => {
  const directory = mount(megabytes)
  const ballast = join(directory, 'ballast')
  const closers: (() => Promise<void>)[] = []
  test.after(async () => {
    await Promise.allSettled(closers.map((close) => close()))
    unmount(directory)
  })
  return {
    directory,
    fill: (left) => writeFileSync(ballast, Buffer.alloc(roomOn(directory) - left)),
    makeRoom: () => rmSync(ballast),
    closing: (close) => closers.push(close),
  }
}

const roomOn = (directory: string): number => {
  const [, line = ''] = execFileSync('df', ['--output=avail', '-B1', directory], { encoding: 'utf8' }).split(
    '\n',
  )
  return Number(line)
}
