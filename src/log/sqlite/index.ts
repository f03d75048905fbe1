export { openSqliteLog, type SqliteLogOptions } from './log.ts'
export { openSqliteReader, type SqliteReaderOptions } from './reader.ts'
export { isMade } from './tables.ts'
