/** What may name a stream and a fact when it comes from outside: nothing that a terminal or a file name would obey. */

/**
 * A category, a dash, an id. Accounts are named by addresses and domains by U-labels, so that any letter may stand there
 * (RFC 6531 §3.3); control and formatting characters may not, but for the two joiners some languages need (RFC 5892 §A.1).
 */
const stream = /^[a-z][a-z0-9_]*-(?:[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|[\u200c\u200d])+$/u
const longestStream = 512
export const isStream = (text: string): boolean => text.length <= longestStream && stream.test(text)

const type = /^[A-Za-z][\w.:-]{0,127}$/
export const isType = (text: string): boolean => type.test(text)
