/** Who is told over HTTP what is recorded. */
import * as z from 'zod'
import { factNames, isFactName } from '../../machines/vocabulary/fact-names.ts'
import { form, required, setting } from './notes.ts'
import { type Parsed, path, pause, written } from './values.ts'
import { nearest } from './words.ts'

/** What tells of webhooks themselves would be told for ever; what lets people in is nobody's business. */
const neverTold = /^(?:Webhook|Login|Key)/
const told = factNames.filter((name) => !neverTold.test(name))

const eventName = written('a type of event (Delivered)', (given): Parsed<string> => {
  const name = String(given)
  if (isFactName(name) && !neverTold.test(name)) return { value: name }
  const near = nearest(name, told)
  const hint = near === null ? 'docs/events.md lists them' : `did you mean ${near}?`
  return { wrong: `there is no event ${name} that can be told; ${hint}` }
})

const parsedUrl = (text: string): URL | null => {
  try {
    return new URL(text)
  } catch {
    return null
  }
}

/** A password in it is never repeated. */
const hookUrl = written('a URL (https://app.example.org/hook)', (given): Parsed<string> => {
  const url = parsedUrl(String(given))
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    return { wrong: 'is no URL of the form https://app.example.org/hook' }
  return { value: url.href.replace(/#.*$/, '') }
})

const webhook = z.strictObject({
  url: required(hookUrl, {
    about: 'Where each event is sent, in a POST of its own.',
    example: 'http://127.0.0.1:9000/hook',
  }),
  events: required(form(z.array(eventName).min(1), 'a list of event types'), {
    about: 'Types of events; docs/events.md says what is in them.',
    example: ['Delivered', 'Failed'],
  }),
  secretFile: required(path, {
    about:
      'File with the secret that signs them, as Standard Webhooks have it: `echo "whsec_$(openssl rand -base64 32)"`, and the receiver gets the same. With several lines each signs, so that it can be replaced.',
    example: 'hook.key',
  }),
  timeout: setting(pause, {
    about: 'How long the receiver may take for one event, before it is sent again.',
    byDefault: '15s',
  }),
})

export const webhooks = setting(z.array(webhook), {
  about:
    'URLs that are told what is recorded: at least once, in order, signed, for as long as it takes. `fsmtp webhooks` says how they are.',
  byDefault: [],
  example: [{ url: 'http://127.0.0.1:9000/hook', events: ['Delivered', 'Failed'], secretFile: 'hook.key' }],
})
