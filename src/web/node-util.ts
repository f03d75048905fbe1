/** What sentences need of `node:util`, where there is no Node: a page has no terminal to steer. */
const steering = /\u001b\[[0-?]*[ -/]*[@-~]/g

export const stripVTControlCharacters = (text: string): string => text.replace(steering, '')
export const styleText = (_: string, text: string): string => text
