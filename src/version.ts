import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The version in our package.json, which is some folders up: one in a checkout, two in a package. */
const find = (folder: string): string => {
  try {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
      string,
      string
    >
    if (name === 'fsmtp' && version) return version
  } catch (error) {
    if (dirname(folder) === folder) throw error
  }
  return find(dirname(folder))
}

export const version = find(dirname(fileURLToPath(import.meta.url)))
