/**
 * Whether a request comes from a page of ours. A browser says of itself from which page it asks (`Origin`, `Sec-Fetch-Site`), and no page can
 * make it lie; what sends neither is no browser.
 */
import type { IncomingHttpHeaders } from 'node:http'

export type From = 'own-page' | 'no-page' | 'other-page'

const safe: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
/** RFC 9110 §9.2.1: these change nothing. */
export const isChanging = (method: string): boolean => !safe.has(method)

/** Browsers leave out the port that a scheme has anyway; some proxies do not. */
const withoutUsualPort = (host: string): string => host.toLowerCase().replace(/:(?:80|443)$/, '')

const hostOf = (origin: string): string | null => {
  const found = /^https?:\/\/([^/]+)$/i.exec(origin)
  return found === null ? null : withoutUsualPort(found[1]!)
}

export const fromOf = (headers: IncomingHttpHeaders): From => {
  const { origin, host = '', 'sec-fetch-site': site } = headers
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'other-page'
  if (origin !== undefined) return hostOf(origin) === withoutUsualPort(host) ? 'own-page' : 'other-page'
  return site === 'same-origin' ? 'own-page' : 'no-page'
}
