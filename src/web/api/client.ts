/** The API, as this page asks it. Everything shown here can be had there. */
export const base = '/api/v1'

/** A problem the server told of (RFC 9457), or that it could not be reached (status 0). */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly status: number
  constructor(status: number, detail: string) {
    super(detail)
    this.status = status
  }
}

export type Asked = Readonly<Record<string, string | number | boolean | null | undefined>>

/** A path below /api/v1 of parts that are encoded here, and what is asked of it. */
export const urlOf = (parts: readonly string[], asked: Asked = {}): string => {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(asked))
    if (value !== null && value !== undefined && value !== '') query.set(name, String(value))
  const text = query.toString()
  return `${base}/${parts.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`
}

const problemIn = async (response: Response): Promise<ApiProblem> => {
  const body = (await response.json().catch(() => null)) as { detail?: unknown; title?: unknown } | null
  const said = body?.detail ?? body?.title
  return new ApiProblem(
    response.status,
    typeof said === 'string' ? said : `the server answered ${response.status}`,
  )
}

/** Told when the server wants to know who asks. */
let unknownCaller: () => void = () => {}
export const onUnknownCaller = (listener: () => void): void => {
  unknownCaller = listener
}

const asked = async (url: string, init: RequestInit): Promise<Response> => {
  let response: Response
  try {
    response = await fetch(url, { credentials: 'same-origin', ...init })
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new ApiProblem(0, 'the server cannot be reached; is it running?')
  }
  if (response.ok) return response
  if (response.status === 401) unknownCaller()
  throw await problemIn(response)
}

/** @throws ApiProblem */
export const getJson = async <Value>(url: string, signal?: AbortSignal): Promise<Value> => {
  const headers = { accept: 'application/json' }
  const response = await asked(url, { headers, ...(signal && { signal }) })
  return (await response.json()) as Value
}

/** @throws ApiProblem */
export const getText = async (url: string, signal?: AbortSignal): Promise<string> =>
  (await asked(url, { ...(signal && { signal }) })).text()

/** @throws ApiProblem */
export const send = async <Value>(
  method: 'POST' | 'PATCH' | 'DELETE',
  url: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Value | null> => {
  const response = await asked(url, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return response.status === 204 ? null : ((await response.json().catch(() => null)) as Value | null)
}

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
