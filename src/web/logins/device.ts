/** What a browser calls itself, in words that people know it by. */
const browsers: readonly (readonly [mark: RegExp, name: string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:HeadlessChrome|Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]
const systems: readonly (readonly [mark: RegExp, name: string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]
const found = (table: typeof browsers, agent: string): string | undefined =>
  table.find(([mark]) => mark.test(agent))?.[1]

/** `Firefox on Linux`; what nobody knows as it calls itself. */
export const deviceOf = (agent: string): string => {
  const [browser, system] = [found(browsers, agent), found(systems, agent)]
  if (browser === undefined) return agent === '' ? 'an unnamed program' : agent.slice(0, 60)
  return system === undefined ? browser : `${browser} on ${system}`
}
