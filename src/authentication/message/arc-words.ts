/** What a chain says that could not be looked at: a later look may find otherwise, so nobody should be told that it failed. */
export const noAnswer = 'no answer for a key'
