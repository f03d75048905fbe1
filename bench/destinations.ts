/** Where outgoing mail goes: ten domains, each with a sink of its own. */
export const destinations: readonly string[] = Array.from({ length: 10 }, (_, at) => `d${at}.example`)
