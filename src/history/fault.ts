/** Something about a history that the person who asked can put right. */
export class HistoryFault extends Error {
  override readonly name = 'HistoryFault'
}
