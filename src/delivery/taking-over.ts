/** What was left in the middle is taken up one time after the other; what could not be is owed, and tried again. */

export type TakingOver = {
  /** Takes up what is left now: after what is under way, where something is. @throws what kept it from that */
  now(): Promise<void>
  /** Where an earlier time failed. @throws what kept it from that again */
  owed(): Promise<void>
}

export const takingOverBy = (take: () => Promise<void>): TakingOver => {
  let isOwed = false
  let underWay: Promise<void> | null = null
  const takeAll = async (): Promise<void> => {
    while (isOwed) {
      isOwed = false
      await take().catch((error: unknown) => {
        isOwed = true
        throw error
      })
    }
  }
  const now = (): Promise<void> => {
    isOwed = true
    underWay ??= takeAll().finally(() => {
      underWay = null
    })
    return underWay
  }
  return { now, owed: async () => (isOwed ? now() : undefined) }
}
